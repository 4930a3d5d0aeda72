import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

/**
 * Stands where a message would that could not be read: nested so deeply that this thread's stack does not hold out, as that
 * of the one that posted it did. Reading takes more of it than writing, and the main thread has less of it than others.
 */
export const UNREADABLE: unknown = Object.freeze({ type: 'unreadable' })

/** Why a task fails whose message could not be read. */
export function tooDeep(): RangeError {
  return new RangeError('the message that it was in could not be read: something in it is nested too deeply')
}

/**
 * As much of a message port as the bridge needs: real ports between threads and memory ports in a simulation are
 * held to the same contract suite. Messages of one port arrive in the order they were posted, each or `UNREADABLE` in its
 * place; `onClose` comes after the last of them.
 */
export interface Port {
  /** Throws a DataCloneError, and sends nothing, if any part of the message cannot be cloned. */
  post(message: unknown, transfer?: readonly object[]): void
  /** Takes the next message without the event loop, or returns undefined. No message is `undefined` itself. */
  take(): { readonly message: unknown } | undefined
  listen(onMessage: (message: unknown) => void, onClose: () => void): void
  /** Whether the port keeps the thread's event loop alive. */
  hold(held: boolean): void
  close(): void
}

/** A port between real threads. It does not hold the event loop until told to. */
export class ThreadPort implements Port {
  readonly #port: MessagePort
  #held = false
  #closed = false

  constructor(port: MessagePort) {
    this.#port = port
    port.unref()
  }

  post(message: unknown, transfer?: readonly object[]): void {
    if (transfer === undefined) this.#port.postMessage(message)
    else this.#port.postMessage(message, transfer as never)
  }

  take(): { readonly message: unknown } | undefined {
    // Nothing is left then; and within the event itself Node crashes (20.20 to 26).
    if (this.#closed) return undefined
    const taken = this.#receive()
    // Nobody posts that: it is what a thread gets in the moments between its termination and its last instruction.
    return taken?.message === undefined ? undefined : taken
  }

  #receive(): { readonly message: unknown } | undefined {
    try {
      return receiveMessageOnPort(this.#port) as { message: unknown } | undefined
    } catch {
      return { message: UNREADABLE }
    }
  }

  listen(onMessage: (message: unknown) => void, onClose: () => void): void {
    this.#port.on('message', onMessage)
    this.#port.on('messageerror', () => onMessage(UNREADABLE))
    this.#port.on('close', () => {
      this.#closed = true
      onClose()
    })
    // Listening made it hold the loop.
    if (!this.#held) this.#port.unref()
  }

  hold(held: boolean): void {
    this.#held = held
    if (held) this.#port.ref()
    else this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }
}
