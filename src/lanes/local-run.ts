import type { Epoch } from '../core/clock.js'
import type { Task } from '../core/task.js'
import type { TimerEntry } from '../core/timer-queue.js'
import { LazySignal } from './lazy-signal.js'
import type { CurrentTask, RunningTask } from './task-context.js'

/** What a run asks of the lane it is on. */
export interface RunKeeper {
  readonly name: string
  readonly epoch: Epoch
  /** Ends a task whose time is over: it may hold the very loop whose timer should have done so. */
  decideDue(run: LocalRun): void
}

/** One attempt at a task, on the loop of whoever submitted it. */
export class LocalRun implements RunningTask {
  readonly task: Task
  readonly #keeper: RunKeeper
  readonly #signal = new LazySignal()
  #context: CurrentTask | null = null
  /** The instant at which a limit of the task runs out, or Infinity. */
  expires = Number.POSITIVE_INFINITY
  /** The reminder of that; of the end of its grace once its outcome is decided. */
  expiry: TimerEntry<() => void> | null = null
  /** Its function has ended, or was given up: nothing that still comes of it counts. */
  over = false

  constructor(task: Task, keeper: RunKeeper) {
    this.task = task
    this.#keeper = keeper
  }

  /** Made only for a task that asks. */
  get context(): CurrentTask {
    this.#context ??= new LocalContext(this, this.#keeper, this.#signal)
    return this.#context
  }

  abort(reason: unknown): void {
    this.#signal.abort(reason)
  }
}

class LocalContext implements CurrentTask {
  readonly #run: LocalRun
  readonly #keeper: RunKeeper
  readonly #signal: LazySignal
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number

  constructor(run: LocalRun, keeper: RunKeeper, signal: LazySignal) {
    const { sequence, target, deadline, attempt } = run.task
    this.#run = run
    this.#keeper = keeper
    this.#signal = signal
    this.id = sequence
    this.name = target.name
    this.lane = keeper.name
    this.deadline = deadline === Number.POSITIVE_INFINITY ? undefined : keeper.epoch.fromInstant(deadline)
    this.attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#signal.signal
  }

  get cancelled(): boolean {
    this.#keeper.decideDue(this.#run)
    return this.#run.task.dead
  }

  yield(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }
}
