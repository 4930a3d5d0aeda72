import { LoopHold } from './loop-hold.js'
import type { Port } from './port.js'

/** Who decides when a memory port's messages arrive. */
export interface Mail {
  /** A port has something to deliver: one call of `deliver` hands over one message. */
  posted(port: MemoryPort): void
}

/**
 * Has messages arrive by themselves, each in a later turn of the event loop.
 *
 * @param later calls back in a later turn
 */
export function mailByTurns(later: (call: () => void) => void): Mail {
  return {
    posted: port =>
      later(() => {
        while (port.ready) port.deliver()
      }),
  }
}

/** A port within one thread, held to the same contract as those between threads. */
export class MemoryPort implements Port {
  readonly #mail: Mail
  readonly #inbox: unknown[] = []
  readonly #hold = new LoopHold()
  #peer: MemoryPort | null = null
  #onMessage: ((message: unknown) => void) | null = null
  #onClose: (() => void) | null = null
  #open = true
  #closing = false

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
    if (this.#open) this.#hold.set(held)
  }

  close(): void {
    if (!this.#open) return
    this.#end()
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
      this.#end()
      this.#onClose?.()
    }
  }

  #end(): void {
    this.#open = false
    this.#hold.set(false)
  }
}
