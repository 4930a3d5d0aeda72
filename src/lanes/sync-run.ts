import { TaskCanceledError } from '../core/errors.js'
import type { SyncCall } from './sync-call.js'
import type { SyncCell } from './sync-cell.js'
import type { CurrentTask, RunningTask } from './task-context.js'

/** One attempt at a `SyncTask`, on its pool thread: what `currentTask()` finds there. */
export class SyncRun implements RunningTask {
  readonly context: CurrentTask
  /** Rejects when an error of no other origin than this task was not caught. */
  readonly blamed: Promise<never>
  #reject: (thrown: unknown) => void = () => {}
  #running = true

  constructor(task: SyncCall['task'], cell: SyncCell) {
    this.context = new SyncContext(task, cell)
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
  readonly #cell: SyncCell
  #controller: AbortController | null = null
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number

  constructor({ id, name, lane, deadline, attempt }: SyncCall['task'], cell: SyncCell) {
    this.#cell = cell
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
    return this.#cell.isDecided
  }

  yield(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }

  async #abortWhenDecided(controller: AbortController): Promise<void> {
    await this.#cell.whenEndedOrDecided()
    if (this.#cell.isDecided) controller.abort(new TaskCanceledError(this.name))
  }
}
