import { TaskCanceledError } from '../core/errors.js'
import type { RunningTask } from './ambient-task.js'
import { monotonicClock } from './monotonic-clock.js'
import type { SyncCall } from './sync-call.js'
import type { SyncCell } from './sync-cell.js'
import { type CurrentTask, NO_LANES } from './task-context.js'

/** One attempt at a `SyncTask`, on its pool thread: what `currentTask()` finds there. */
export class SyncRun implements RunningTask {
  readonly context: CurrentTask
  /** Rejects when an error of no other origin than this task was not caught. */
  readonly blamed: Promise<never>
  #reject: (thrown: unknown) => void = () => {}
  #running = true

  /** @param expires the instant at which a limit of it runs out */
  constructor(task: SyncCall['task'], cell: SyncCell, expires: number) {
    this.context = new SyncContext(task, cell, expires)
    this.blamed = new Promise((_, reject) => {
      this.#reject = reject
    })
    // It is looked at only while the task runs.
    this.blamed.catch(() => {})
  }

  get isRunning(): boolean {
    return this.#running
  }

  blame(thrown: unknown): void {
    this.#reject(thrown)
  }

  end(): void {
    this.#running = false
  }
}

class SyncContext implements CurrentTask {
  readonly lanes = NO_LANES
  readonly #cell: SyncCell
  readonly #expires: number
  #controller: AbortController | null = null
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number

  constructor({ id, name, lane, deadline, attempt }: SyncCall['task'], cell: SyncCell, expires: number) {
    this.#cell = cell
    this.#expires = expires
    this.id = id
    this.name = name
    this.lane = lane
    this.deadline = deadline
    this.attempt = attempt
  }

  /** Fires only while the thread's loop turns: a function that holds it asks `cancelled`. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      void this.#abortWhenDecided(this.#controller)
    }
    return this.#controller.signal
  }

  get cancelled(): boolean {
    if (this.#cell.isDecided) return true
    return (
      this.#expires !== Number.POSITIVE_INFINITY &&
      monotonicClock.now() >= this.#expires &&
      !this.#cell.isEnded
    )
  }

  yield(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }

  async #abortWhenDecided(controller: AbortController): Promise<void> {
    await this.#cell.whenEndedOrDecided()
    if (this.#cell.isDecided) controller.abort(new TaskCanceledError(this.name))
  }
}
