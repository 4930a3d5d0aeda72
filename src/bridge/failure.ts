import type { TaskFailure } from '../core/task-failure.js'
import { appendCaller, decodeError, type EncodedFailure } from './error-codec.js'
import { stackOf } from './stack-text.js'

/**
 * Why a task has no value: an error made on this thread, one that is made only when somebody looks, or one that came
 * encoded from another thread and is put together only then.
 *
 * It is a thenable that rejects, so a promise can be resolved with it and needs no reject function of its own (a
 * sender with a million queued promises saves a closure each). The detour over an inner promise has a purpose: an
 * error made inside a reaction of the promise a caller awaits gets the caller's asynchronous stack from the engine,
 * at no cost to tasks that succeed.
 */
export class Failure implements TaskFailure {
  #error: unknown
  /** What the error is made of, or by; null once there is one. */
  #origin: EncodedFailure | (() => unknown) | Consequence | null

  private constructor(error: unknown, origin: EncodedFailure | (() => unknown) | Consequence | null) {
    this.#error = error
    this.#origin = origin
  }

  /** @param error made on this thread; any value, since an AbortSignal's reason may be one */
  static of(error: unknown): Failure {
    return new Failure(error, null)
  }

  /**
   * For what mostly nobody asks for: nearly all that an error costs is its stack, some microseconds.
   *
   * @param make called once at most
   */
  static later(make: () => unknown): Failure {
    return new Failure(undefined, make)
  }

  /**
   * For what comes of another failure, as `later`. A chain of them may be of any length.
   *
   * @param make called once at most, with the error of the other
   */
  static dueTo(cause: TaskFailure, make: (cause: unknown) => unknown): Failure {
    return new Failure(undefined, new Consequence(cause, make))
  }

  static remote(encoded: EncodedFailure): Failure {
    return new Failure(undefined, encoded)
  }

  /** The error, with the frames of the present call at the end of its stack if it came from another thread. */
  error(): unknown {
    const origin = this.#origin
    if (typeof origin === 'function') {
      this.#error = origin()
      this.#origin = null
    } else if (origin instanceof Consequence) {
      this.#makeChain()
    } else if (origin !== null) {
      if ('reason' in origin) return origin.reason
      const error = decodeError(origin)
      appendCaller(error, stackOf(new Error()))
      return error
    }
    return this.#error
  }

  /** From its far end on, since from this one it would not fit on the stack. */
  #makeChain(): void {
    const chain: { readonly failure: Failure; readonly origin: Consequence }[] = []
    for (let failure: TaskFailure = this; failure instanceof Failure; ) {
      const origin: unknown = failure.#origin
      if (!(origin instanceof Consequence)) break
      chain.push({ failure, origin })
      failure = origin.cause
    }
    for (const { failure, origin } of chain.reverse()) {
      failure.#error = origin.make(origin.cause.error())
      failure.#origin = null
    }
  }

  // biome-ignore lint/suspicious/noThenProperty: being a thenable is what this class is for.
  then(fulfilled: (value: never) => void, rejected: (error: unknown) => void): void {
    Promise.resolve()
      .then((): never => {
        throw this.error()
      })
      .then(fulfilled, rejected)
  }
}

/** What an error is made of that has another for its cause. */
class Consequence {
  readonly cause: TaskFailure
  readonly make: (cause: unknown) => unknown

  constructor(cause: TaskFailure, make: (cause: unknown) => unknown) {
    this.cause = cause
    this.make = make
  }
}
