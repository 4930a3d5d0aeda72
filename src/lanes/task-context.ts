import type { Job } from '../bridge/job.js'
import { FLAG, FLOAT, INT } from '../bridge/shared-table.js'
import type { Epoch } from '../core/clock.js'
import { MultilaneError } from '../core/errors.js'
import { ambient, callAs, keepContexts } from './ambient-task.js'
import type { UntypedTasks } from './call-types.js'
import type { Lane } from './lane.js'
import { LazySignal } from './lazy-signal.js'

/**
 * What a task can know and ask about itself while it runs: the answer of `currentTask()`. `M` is the type of the task
 * module, `L` the names of the lanes.
 */
export interface CurrentTask<M = UntypedTasks, L extends string = string> {
  /** The number that its submitter's thread has given it: the `id` of its handle. */
  readonly id: number
  readonly name: string
  /** The lane it runs on. */
  readonly lane: string
  /** Aborts when the task is cancelled or a limit of it runs out. Fires when the task lets the loop turn. */
  readonly signal: AbortSignal
  /** Epoch milliseconds, or undefined if the task has no deadline. */
  readonly deadline: number | undefined
  /** 1, and one more for each time the task is run again, since it threw (`retries`) or its thread died. */
  readonly attempt: number
  /**
   * Whether the outcome has been decided against the task. A read of shared memory, so that a synchronous loop can
   * look at it in every round and stop.
   */
  readonly cancelled: boolean
  /** Gives the loop a turn: other tasks, timers and I/O of the thread go first. */
  yield(): Promise<void>
  /**
   * The lanes of the scheduler, to submit tasks to from here: straight to their threads, whatever the thread that made
   * the scheduler is doing.
   *
   * While a task awaits what these answer (`run`, `map`, `result()`, `wait()`), it gives its place on its own lane to
   * others. A wait that would close a cycle rejects with a DeadlockError (`ERR_DEADLOCK`) that names those in it. Tasks
   * that are submitted here are not cancelled with the task: pass on its `signal` for that. They are when the thread dies.
   *
   * Empty in a task of an AsyncScheduler.
   */
  readonly lanes: Lanes<M, L>
}

/** Lanes by their names. */
export type Lanes<M = UntypedTasks, L extends string = string> = { readonly [K in L]: Lane<M> }

/** Of a scheduler that has none but its own. */
export const NO_LANES: Lanes = Object.freeze({})

/** What a context needs of the thread it is on. */
export interface ContextHost {
  readonly lane: string
  readonly epoch: Epoch
  nameOf(index: number): string
  /** The lanes of the scheduler, as tasks here see them. */
  readonly lanes: Lanes
  /** Where tasks share their thread with the watch over their limits: has it decide what is due. */
  readonly decideDue?: () => void
}

class TaskContext implements CurrentTask {
  readonly #job: Job
  readonly #host: ContextHost
  readonly #signal = new LazySignal()
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number

  constructor(job: Job, host: ContextHost) {
    const { table } = job.source
    const flags = table.int(job.id, INT.FLAGS)
    this.#job = job
    this.#host = host
    this.id = table.float(job.id, FLOAT.SEQUENCE)
    this.name = host.nameOf(job.index)
    this.lane = host.lane
    this.deadline = Number.isFinite(job.deadline) ? this.#host.epoch.fromInstant(job.deadline) : undefined
    this.attempt = (flags & FLAG.EXTRAS) === 0 ? 1 : table.int(job.id, INT.ATTEMPT)
  }

  get signal(): AbortSignal {
    return this.#signal.signal
  }

  get cancelled(): boolean {
    this.#host.decideDue?.()
    return this.#job.isCancelled
  }

  yield(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }

  get lanes(): Lanes {
    return this.#host.lanes
  }

  abort(reason: unknown): void {
    // Its listeners are the task's: so is what they throw.
    callAs(this.#job, () => this.#signal.abort(reason), [])
  }
}

/** Called once in a lane thread, before any task runs. */
export function installContext(host: ContextHost): void {
  ambient.host = host
  keepContexts()
}

/** Runs a task's function so that `currentTask()` finds the job, also after an `await`. */
export function runInContext(job: Job, call: (...args: never[]) => unknown): unknown {
  return callAs(job, call, job.args)
}

/** The job whose code is running on a lane thread, if any. */
export function ambientJob(): Job | undefined {
  return ambient.jobs.getStore() as Job | undefined
}

/** @param host that of the job's lane, where it is not the thread's only one */
export function contextOf(
  job: Job,
  host = ambient.host as ContextHost | null,
): { abort(reason: unknown): void } & CurrentTask {
  if (job.context === null) {
    if (host === null) throw new MultilaneError('ERR_INVALID_ARG', 'this thread is not a lane thread')
    job.context = new TaskContext(job, host)
  }
  return job.context as TaskContext
}
