import { ambientRun, type RunningTask } from './ambient-task.js'

/**
 * The promise of something that the runtime tells, as a task gets it: once the task awaits it, it needs no place on its
 * lane until it is settled, so that others can have it, and a call that leads back to the lane is no deadlock.
 *
 * It is `then` that counts, which `await` and every combinator call: a promise that nobody looks at is not waited for.
 * What `then` answers is an ordinary promise.
 */
class TaskPromise<T> extends Promise<T> {
  #running: RunningTask | null = null

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** @param running the task that gets it */
  isOf(running: RunningTask): this {
    this.#running = running
    return this
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise that notices being awaited
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const running = this.#running
    if (running !== null) {
      this.#running = null
      running.beginWait?.()
      const end = (): void => running.endWait?.()
      // Before whoever awaits it goes on.
      super.then(end, end)
    }
    return super.then(onFulfilled, onRejected)
  }
}

/** The promise of something that the runtime tells, for whoever asks here. */
export function awaitable<T>(promise: Promise<T>): Promise<T> {
  const running = ambientRun()
  return running === undefined ? promise : new TaskPromise<T>(resolve => resolve(promise)).isOf(running)
}

/** Makes a promise of something that the runtime tells, for whoever asks here. */
export function promiseOf<T>(
  executor: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason: unknown) => void) => void,
): Promise<T> {
  const running = ambientRun()
  return running === undefined ? new Promise<T>(executor) : new TaskPromise<T>(executor).isOf(running)
}
