import { connect, type Socket } from 'node:net'

/** A connection on which a test says just what it wants to, HTTP or not. */
export class RawClient {
  readonly #socket: Socket
  #received = ''
  #ended = false
  #closed = false
  #failure: Error | undefined

  /**
   * @param port of the loopback address
   * @param options `halfOpen`: the client goes on sending when the server has closed its half
   */
  constructor(port: number, { halfOpen = false } = {}) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: halfOpen })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => {
      this.#received += text
    })
    // Being reset is one of the ways in which a server closes; `closed` tells of it.
    this.#socket.on('error', error => {
      this.#closed = true
      this.#failure ??= error
    })
    this.#socket.on('end', () => {
      this.#ended = true
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
    return this.statuses.at(-1)
  }

  /** The statuses of all answers, in their order. */
  get statuses(): readonly number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  }

  /** Whether the server has closed its half. */
  get ended(): boolean {
    return this.#ended
  }

  get closed(): boolean {
    return this.#closed
  }

  /** What the connection broke of, such as a reset. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** @returns false once more has been written than the system would take for now */
  send(text: string): boolean {
    return this.#closed ? false : this.#socket.write(text)
  }

  /** Closes the client's half, after what was sent. */
  end(): void {
    this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
