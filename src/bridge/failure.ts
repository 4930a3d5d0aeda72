import { appendCaller, decodeError, type EncodedError } from './error-codec.js'

/**
 * Why a task has no value: an error made on this thread, or one that came encoded from another and is put together
 * only when somebody looks.
 *
 * It is a thenable that rejects, so a promise can be resolved with it and needs no reject function of its own (a
 * sender with a million queued promises saves a closure each). The detour over an inner promise has a purpose: an
 * error made inside a reaction of the promise a caller awaits gets the caller's asynchronous stack from the engine,
 * at no cost to tasks that succeed.
 */
export class Failure {
  readonly #error: unknown
  readonly #encoded: EncodedError | null

  private constructor(error: unknown, encoded: EncodedError | null) {
    this.#error = error
    this.#encoded = encoded
  }

  /** @param error made on this thread; any value, since an AbortSignal's reason may be one */
  static of(error: unknown): Failure {
    return new Failure(error, null)
  }

  static remote(encoded: EncodedError): Failure {
    return new Failure(undefined, encoded)
  }

  /** The error, with the frames of the present call at the end of its stack if it came from another thread. */
  error(): unknown {
    if (this.#encoded === null) return this.#error
    const error = decodeError(this.#encoded)
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
