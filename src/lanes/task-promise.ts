import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import { ambientRun, type RunningTask } from './ambient-task.js'

/** The tasks that a promise waits for: none twice. */
export type Awaited = () => Iterable<Task>

const NOTHING: Awaited = () => []

/**
 * The promise of something that the runtime tells, as a task gets it: once the task awaits it, it needs no place on its
 * lane until it is settled, so that others can have it, and a call that leads back to the lane is no deadlock.
 *
 * It is `then` that counts, which `await` and every combinator call: a promise that nobody looks at is not waited for.
 * What `then` answers is an ordinary promise.
 */
class TaskPromise<T> extends Promise<T> {
  #running: RunningTask | null = null
  #awaited = NOTHING
  #kind: WaitKind = 'end'
  #refuse: (error: Error) => void = () => {}
  /** The task, as long as it waits and there may be more to wait for. */
  #waiter: RunningTask | null = null
  /** What ends its waits for those that came later; null if none does. */
  #further: Set<() => void> | null = null

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /**
   * @param running the task that gets it
   * @param refuse rejects it
   */
  isOf(running: RunningTask, awaited: Awaited, refuse: (error: Error) => void): this {
    this.#running = running
    this.#awaited = awaited
    this.#refuse = refuse
    return this
  }

  /** Cheaper than to ask which class a promise is of. */
  static is(promise: Promise<unknown>): promise is TaskPromise<unknown> {
    return #running in promise
  }

  /** It is not their end that it waits for, or not for as long as that takes. */
  endedBy(kind: WaitKind): this {
    this.#kind = kind
    return this
  }

  /** What it waits for is known only now. */
  waitsFor(awaited: Awaited): void {
    this.#awaited = awaited
  }

  /** More may come that it waits for: `waitsForMore`. */
  staysOpen(): void {
    this.#further = new Set()
  }

  /**
   * It waits for one more, which was not there when the wait was told.
   *
   * @returns to be called when that has ended; undefined if the wait has not begun, and will be told with it, or is over
   */
  waitsForMore(task: Task): (() => void) | undefined {
    const end = this.#waiter?.beginWait?.(() => [task], this.#refuse, this.#kind)
    if (end === undefined) return undefined
    const further = this.#further!
    const over = (): void => {
      if (further.delete(over)) end()
    }
    further.add(over)
    return over
  }

  #remember(waiter: RunningTask, further: Set<() => void>): void {
    this.#waiter = waiter
    // It may be refused, which whoever tells of more does not know.
    const over = (): void => {
      this.#waiter = null
      for (const end of further) end()
    }
    super.then(over, over)
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise that notices being awaited
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const running = this.#running
    if (running !== null) {
      this.#running = null
      const end = running.beginWait?.(this.#awaited, this.#refuse, this.#kind)
      // Before whoever awaits it goes on.
      if (end !== undefined) super.then(end, end)
      if (this.#further !== null) this.#remember(running, this.#further)
    }
    return super.then(onFulfilled, onRejected)
  }
}

/**
 * The promise of something that the runtime tells, for whoever asks here.
 *
 * @param kind what ends the wait for it
 */
export function awaitable<T>(promise: Promise<T>, awaited: Awaited, kind: WaitKind = 'end'): Promise<T> {
  const running = ambientRun()
  if (running === undefined) return promise
  // Not resolved with it, after which it could not be refused.
  const own = promiseWithin<T>(running, (resolve, reject) => void promise.then(resolve, reject), awaited)
  return own.endedBy(kind)
}

type Executor<T> = (resolve: (value: T | PromiseLike<T>) => void, reject: (reason: unknown) => void) => void

/**
 * Makes a promise of something that the runtime tells, for whoever asks here. It is called for every task, so it has no
 * variables that a closure keeps: outside of tasks they would be made in vain.
 */
export function promiseOf<T>(executor: Executor<T>, awaited: Awaited = NOTHING): Promise<T> {
  const running = ambientRun()
  return running === undefined ? new Promise<T>(executor) : promiseWithin(running, executor, awaited)
}

function promiseWithin<T>(running: RunningTask, executor: Executor<T>, awaited: Awaited): TaskPromise<T> {
  let refuse: (error: Error) => void = () => {}
  const promise = new TaskPromise<T>((resolve, reject) => {
    refuse = reject
    executor(resolve, reject)
  })
  return promise.isOf(running, awaited, refuse)
}

/** Says what a promise that was made here waits for, once that is known. As often called as `promiseOf`. */
export function waitsFor(promise: Promise<unknown>, task: Task): void {
  if (TaskPromise.is(promise)) promise.waitsFor(onlyThat(task))
}

/** As `TaskPromise.staysOpen`. */
export function staysOpen(promise: Promise<unknown>): void {
  if (TaskPromise.is(promise)) promise.staysOpen()
}

/** As `TaskPromise.waitsForMore`. */
export function waitsForMore(promise: Promise<unknown>, task: Task): (() => void) | undefined {
  return TaskPromise.is(promise) ? promise.waitsForMore(task) : undefined
}

function onlyThat(task: Task): Awaited {
  return () => [task]
}
