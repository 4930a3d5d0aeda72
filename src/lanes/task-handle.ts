import { Failure } from '../bridge/failure.js'
import { LENT, type Lendable, noteHandle } from '../bridge/handle-args.js'
import type { Epoch } from '../core/clock.js'
import type { AwaitedTask } from '../core/dependencies.js'
import { TaskCanceledError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { TaskEnd } from '../core/task-end.js'
import { infoOf, type TaskInfo, type TaskTimestamps, timestampsOf } from '../core/task-info.js'
import { DONE, TASK_STATES, type TaskState } from '../core/task-state.js'
import type { WaitKind } from '../core/wait-book.js'
import { resultSync, waitSync } from './sync-wait.js'
import type { TaskKeeper } from './task-keeper.js'
import { readPriority } from './task-priority.js'
import { awaitable } from './task-promise.js'
import { TaskWaits } from './task-waits.js'
import { readWaitOptions, type WaitOptions, type WaitTerms } from './wait-options.js'

/**
 * A submitted task. It settles exactly once, whatever dies, and nothing that is asked of it here ever hangs on the
 * lane's loop: state and timestamps are read from memory that the lane's thread shares.
 *
 * A handle may be an argument of a task of the same scheduler, or be anywhere inside one: the task may await
 * it there, and pass it on. What such a handle resolves to comes straight from the thread that ran its task.
 */
export class TaskHandle<R = unknown> {
  readonly #task: Task
  readonly #keeper: TaskKeeper
  readonly #epoch: Epoch
  #waits: TaskWaits | null = null
  #end: TaskEnd | null = null

  /** @internal */
  constructor(task: Task, keeper: TaskKeeper, epoch: Epoch) {
    this.#task = task
    this.#keeper = keeper
    this.#epoch = epoch
    noteHandle()
  }

  /** The task's number among those that the same thread has submitted. */
  get id(): number {
    return this.#task.sequence
  }

  /** The name of the function. */
  get name(): string {
    return this.#task.target.name
  }

  /** The name of the lane. */
  get lane(): string {
    return this.#task.target.lane
  }

  /** The state now, also while the lane's loop is blocked. */
  get state(): TaskState {
    return TASK_STATES[this.#keeper.stateOf(this.#task)]!
  }

  /** When things happened to it, as far as they have; true now, also while the lane's loop is blocked. */
  get timestamps(): TaskTimestamps {
    return timestampsOf(this.#keeper.sight.recordOf(this.#task), this.#epoch)
  }

  /** @internal @param now the present instant */
  info(now: number): TaskInfo {
    return infoOf(this.#keeper.sight.recordOf(this.#task), this.#epoch, now)
  }

  /**
   * Resolves when the task has been taken into its lane's queue, which is at once unless the queue is full and its
   * `overload` is `wait`. Rejects with the task's error if the task ends before.
   */
  get accepted(): Promise<void> {
    return this.#task.extras?.acceptance?.promise ?? Promise.resolve()
  }

  /**
   * What the task returned.
   *
   * @returns rejects with what it threw, with a TaskTimeoutError or TaskCanceledError (or the reason of the signal
   *   that cancelled it), or with the LaneError of what befell its thread. In a task, with a DeadlockError
   *   (`ERR_DEADLOCK`) if that could never end; and of a handle that came with it, with `ERR_RESULT_GONE` if nobody has
   *   the outcome any more
   */
  result(): Promise<R> {
    const outcome = this.#ownEnd.promise.then(() => {
      const { state, payload } = this.#task
      if (state === DONE) return payload as R
      throw (payload as Failure).error()
    })
    return awaitable(outcome, () => [this.#task])
  }

  /**
   * Waits until the task is in a final state or, with `for: 'RUNNING'`, until it has started.
   *
   * @param options.timeout milliseconds to wait at most; without it, as long as it takes
   * @param options.for `'FINISHED'` (the default) or `'RUNNING'`
   * @returns true once it is so; false if the wait's own time was over first, or if it was to start and has ended
   *   without. In a task, and without a `timeout`, rejects with a DeadlockError (`ERR_DEADLOCK`) if the task that is waited
   *   for waits for this one
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if `timeout` is not a finite number of at least 0, or `for` not a
   *   group
   */
  wait(options: WaitOptions = {}): Promise<boolean> {
    let terms: WaitTerms
    try {
      // Before the wait begins, whose promise nobody would have.
      terms = readWaitOptions(options)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#waits ??= new TaskWaits(this.#task, this.#keeper, () => this.#ownEnd.promise)
    return awaitable(this.#waits.wait(terms), () => [this.#task], kindOf(terms))
  }

  /**
   * What the task returned, once it has: blocks the thread until then. Meanwhile nothing else runs on the thread: no
   * timer, no I/O, and no callback of any task; those that become due are called, in order, when the turn has ended.
   *
   * @param options.timeout milliseconds to wait at most; without it, as long as it takes
   * @throws what `result()` rejects with; DeadlockError (`ERR_DEADLOCK`), at once, if the task needs this very thread;
   *   WaitTimeoutError (`ERR_WAIT_TIMEOUT`) if the time is over first: the task goes on; InvalidArgumentError
   *   (`ERR_INVALID_ARG`)
   */
  resultSync(options: { readonly timeout?: number } = {}): R {
    return resultSync(this.#task, this.#keeper, options) as R
  }

  /**
   * As `wait`, but blocks the thread, as `resultSync` does.
   *
   * @returns as `wait`
   * @throws DeadlockError (`ERR_DEADLOCK`), at once, if the task needs this very thread; InvalidArgumentError
   *   (`ERR_INVALID_ARG`)
   */
  waitSync(options: WaitOptions = {}): boolean {
    return waitSync(this.#task, this.#keeper, options)
  }

  /**
   * Decides the task's outcome to be CANCELED, at once. One that has not started never will, even if its lane's loop
   * is blocked; one that runs is told by its AbortSignal and by `currentTask().cancelled`.
   *
   * @param reason what the task's signal and the TaskCanceledError carry. The TaskCanceledError is made when somebody looks
   *   at the outcome, and its stack leads there; an error given as reason, which is its `cause`, tells who cancelled
   * @returns whether this call was the one that decided; false of a handle that came with a task, which asks the thread
   *   that has submitted it to do so
   */
  cancel(reason?: unknown): boolean {
    const { name } = this
    const failure = Failure.later(() => new TaskCanceledError(name, reason))
    return this.#keeper.cancel(this.#task, failure, reason)
  }

  /**
   * Changes the task's priority within its lane, also when it is on its way to a thread already.
   *
   * @param priority an integer from 0 to 1,000,000; greater goes first
   * @returns false if the task has started or ended, or is on its way with arguments that were handed over; and of a
   *   handle that came with a task, which asks the thread that has submitted it to do so
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`)
   */
  setPriority(priority: number): boolean {
    return this.#keeper.setPriority(this.#task, readPriority(priority))
  }

  /** @internal */
  [LENT](): ReturnType<Lendable[typeof LENT]> {
    return { task: this.#task, lending: this.#keeper.lending }
  }

  /** @internal The one way to learn of its end: of its promises, and of tasks that start after it. */
  get end(): AwaitedTask {
    return this.#ownEnd
  }

  get #ownEnd(): TaskEnd {
    if (this.#end === null) {
      this.#end = new TaskEnd(this.#task)
      this.#keeper.awaited?.(this.#task)
    }
    return this.#end
  }
}

/** What ends a wait: its own time, whatever becomes of the task, or the task's start or end. */
function kindOf({ timeout, group }: WaitTerms): WaitKind {
  if (timeout !== undefined) return 'limited'
  return group === 'RUNNING' ? 'start' : 'end'
}

/** The outcome of a settled task, for those who are told of it. */
export function outcomeOf(task: Task): unknown {
  return task.state === DONE ? task.payload : (task.payload as Failure).error()
}
