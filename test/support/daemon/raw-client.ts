import { connect, type Socket } from 'node:net'

/** A connection on which a test says just what it wants to, HTTP or not. */
export class RawClient {
  readonly #socket: Socket
  #received = ''
  #closed = false

  /** The port is of the loopback address. */
  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => {
      this.#received += text
    })
    // Being reset is one of the ways in which a server closes; `closed` tells of it.
    this.#socket.on('error', () => {
      this.#closed = true
    })
    this.#socket.on('close', () => {
      this.#closed = true
    })
  }

  get received(): string {
    return this.#received
  }

  /** The status of the latest answer; undefined before one has come. */
  get status(): number | undefined {
    const all = [...this.#received.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    const last = all.at(-1)?.[1]
    return last === undefined ? undefined : Number(last)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** @returns false once more has been written than the system would take for now */
  send(text: string): boolean {
    return this.#closed ? false : this.#socket.write(text)
  }

  pause(): void {
    this.#socket.pause()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
