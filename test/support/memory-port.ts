import type { Port } from '#src/bridge/port.js'

/** Who decides when a memory port's messages arrive. */
export interface Mail {
  /** A port has something to deliver: one call of `deliver` hands over one message. */
  posted(port: MemoryPort): void
}

/** A port within one thread, held to the same contract as real ones; a test decides when a message arrives. */
export class MemoryPort implements Port {
  readonly #mail: Mail
  readonly #inbox: unknown[] = []
  #peer: MemoryPort | null = null
  #onMessage: ((message: unknown) => void) | null = null
  #onClose: (() => void) | null = null
  #open = true
  #closing = false
  held = false

  private constructor(mail: Mail) {
    this.#mail = mail
  }

  static pair(mail: Mail): [MemoryPort, MemoryPort] {
    const one = new MemoryPort(mail)
    const other = new MemoryPort(mail)
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  post(message: unknown, transfer: readonly object[] = []): void {
    const copy: unknown = structuredClone(message, { transfer: transfer as never })
    if (this.#open) this.#peer?.receive(copy)
  }

  private receive(message: unknown): void {
    if (!this.#open) return
    this.#inbox.push(message)
    this.#mail.posted(this)
  }

  take(): { readonly message: unknown } | undefined {
    return this.#inbox.length > 0 ? { message: this.#inbox.shift() } : undefined
  }

  listen(onMessage: (message: unknown) => void, onClose: () => void): void {
    this.#onMessage = onMessage
    this.#onClose = onClose
    this.#mail.posted(this)
  }

  hold(held: boolean): void {
    this.held = held
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#closing = true
    this.#inbox.length = 0
    this.#mail.posted(this)
    this.#peer?.peerClosed()
  }

  private peerClosed(): void {
    if (!this.#open) return
    this.#closing = true
    this.#mail.posted(this)
  }

  /** Whether `deliver` would do anything. */
  get ready(): boolean {
    return this.#onMessage !== null && (this.#inbox.length > 0 || this.#closing)
  }

  /** Hands over the next message, or the end of the port after the last one. */
  deliver(): void {
    if (this.#onMessage === null) return
    if (this.#inbox.length > 0) {
      this.#onMessage(this.#inbox.shift())
    } else if (this.#closing) {
      this.#closing = false
      this.#open = false
      this.#onClose?.()
    }
  }
}
