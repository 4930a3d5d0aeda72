import type { Failure } from '../bridge/failure.js'
import type { LaneSender } from '../bridge/lane-sender.js'
import { finiteAtLeast, knownKeys } from '../core/checks.js'
import type { Epoch } from '../core/clock.js'
import { TaskCanceledError } from '../core/errors.js'
import { type FinalTimestamp, finalTimestamp, type Task } from '../core/task.js'
import { DONE, TASK_STATES, type TaskState } from '../core/task-state.js'
import { readPriority } from './task-priority.js'

/** When things happened to a task: epoch milliseconds with fractions, of a monotonic clock. */
export type TaskTimestamps = {
  readonly submit: number
  readonly start?: number
} & { readonly [K in FinalTimestamp]?: number }

/**
 * A submitted task. It settles exactly once, whatever dies, and nothing that is asked of it here ever hangs on the
 * lane's loop: state and timestamps are read from memory that the lane's thread shares.
 */
export class TaskHandle<R = unknown> {
  readonly #task: Task
  readonly #lane: LaneSender
  readonly #epoch: Epoch
  #finished: Promise<void> | null = null

  /** @internal */
  constructor(task: Task, lane: LaneSender, epoch: Epoch) {
    this.#task = task
    this.#lane = lane
    this.#epoch = epoch
  }

  /** The task's number within its scheduler. */
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
    return TASK_STATES[this.#lane.stateOf(this.#task)]!
  }

  get timestamps(): TaskTimestamps {
    const task = this.#task
    const started = this.#lane.startOf(task)
    const times: { -readonly [K in keyof TaskTimestamps]: TaskTimestamps[K] } = {
      submit: this.#epoch.fromInstant(task.submitted),
    }
    if (started !== undefined) times.start = this.#epoch.fromInstant(started)
    if (task.ended !== undefined) times[finalTimestamp(task.state)] = this.#epoch.fromInstant(task.ended)
    return times
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
   *   that cancelled it), or with the LaneError of what befell its thread
   */
  result(): Promise<R> {
    return this.#whenFinished().then(() => {
      const { state, payload } = this.#task
      if (state === DONE) return payload as R
      throw (payload as Failure).error()
    })
  }

  /**
   * Waits until the task is in a final state.
   *
   * @param options.timeout milliseconds to wait at most; without it, as long as it takes
   * @returns true once it is final; false if the wait was over first
   * @throws InvalidArgumentError if `timeout` is not a finite number of at least 0
   */
  async wait(options: { readonly timeout?: number } = {}): Promise<boolean> {
    knownKeys('options', options, ['timeout'])
    if (options.timeout === undefined) return this.#whenFinished().then(() => true)
    const timeout = finiteAtLeast('timeout', options.timeout, 0)
    let stop: () => void = () => {}
    const over = new Promise<boolean>(resolve => {
      stop = this.#lane.remindMeAfter(timeout, () => resolve(this.#task.dead))
    })
    try {
      return await Promise.race([this.#whenFinished().then(() => true), over])
    } finally {
      stop()
    }
  }

  /**
   * Decides the task's outcome to be CANCELED, at once. One that has not started never will, even if its lane's loop
   * is blocked; one that runs is told by its AbortSignal and by `currentTask().cancelled`.
   *
   * @param reason what the task's signal and the TaskCanceledError carry
   * @returns whether this call was the one that decided
   */
  cancel(reason?: unknown): boolean {
    const error = new TaskCanceledError(this.name, reason)
    return this.#lane.cancel(this.#task, error, reason === undefined ? error : reason)
  }

  /**
   * Changes the task's priority within its lane, also when it is on its way to a thread already.
   *
   * @param priority an integer from 0 to 1,000,000; greater goes first
   * @returns false if the task has started or ended, or is on its way with arguments that were handed over
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`)
   */
  setPriority(priority: number): boolean {
    return this.#lane.setPriority(this.#task, readPriority(priority))
  }

  #whenFinished(): Promise<void> {
    if (this.#finished === null) {
      const task = this.#task
      const earlier = task.resolve
      this.#finished = task.dead
        ? Promise.resolve()
        : new Promise(resolve => {
            task.resolve = (outcome, settled) => {
              earlier?.(outcome, settled)
              resolve()
            }
          })
    }
    return this.#finished
  }
}

/** The outcome of a settled task, for those who are told of it. */
export function outcomeOf(task: Task): unknown {
  return task.state === DONE ? task.payload : (task.payload as Failure).error()
}
