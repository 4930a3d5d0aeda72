import { appendCaller, decodeError, type EncodedError } from './error-codec.js'

/**
 * Why a task has no value: an error made on this thread, one that is made only when somebody looks, or one that came
 * encoded from another thread and is put together only then.
 *
 * It is a thenable that rejects, so a promise can be resolved with it and needs no reject function of its own (a
 * sender with a million queued promises saves a closure each). The detour over an inner promise has a purpose: an
 * error made inside a reaction of the promise a caller awaits gets the caller's asynchronous stack from the engine,
 * at no cost to tasks that succeed.
 */
export class Failure {
  #error: unknown
  /** What the error is made of, or by; null once there is one. */
  #origin: EncodedError | (() => unknown) | null

  private constructor(error: unknown, origin: EncodedError | (() => unknown) | null) {
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

  static remote(encoded: EncodedError): Failure {
    return new Failure(undefined, encoded)
  }

  /** The error, with the frames of the present call at the end of its stack if it came from another thread. */
  error(): unknown {
    if (typeof this.#origin === 'function') {
      this.#error = this.#origin()
      this.#origin = null
    }
    if (this.#origin === null) return this.#error
    const error = decodeError(this.#origin)
    appendCaller(error, new Error().stack)
    return error
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
