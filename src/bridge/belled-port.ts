import type { Port } from './port.js'
import { SenderBell } from './sender-bell.js'

/** A port to a sender that may sleep: once its bell is known, it is rung after each message. */
export class BelledPort implements Port {
  readonly #port: Port
  #bell: SenderBell | null = null

  constructor(port: Port) {
    this.#port = port
  }

  /**
   * The sender has told of its bell. Whatever was posted before may have found it asleep, so it is rung at once.
   *
   * @param buffer as it came in the message
   * @returns null if that is none
   */
  hang(buffer: unknown): SenderBell | null {
    if (!SenderBell.isBuffer(buffer)) return null
    this.#bell = new SenderBell(buffer)
    this.#bell.ring()
    return this.#bell
  }

  /** The sender is to look around, though nothing was posted to it. */
  ring(): void {
    this.#bell?.ring()
  }

  /** It has closed, at this end. @param connection the number by which the sender knows it */
  closed(connection: number): void {
    this.#bell?.tellClosed(connection)
  }

  /** The supervisor, whose end of a port this is, goes. */
  forsake(): void {
    this.#bell?.forsake()
  }

  post(message: unknown, transfer?: readonly object[]): void {
    this.#port.post(message, transfer)
    this.#bell?.ring()
  }

  take(): { readonly message: unknown } | undefined {
    return this.#port.take()
  }

  listen(onMessage: (message: unknown) => void, onClose: () => void): void {
    this.#port.listen(onMessage, onClose)
  }

  hold(held: boolean): void {
    this.#port.hold(held)
  }

  close(): void {
    this.#port.close()
  }
}
