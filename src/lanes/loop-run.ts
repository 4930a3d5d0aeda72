import { NO_ARGUMENTS } from '../bridge/job.js'
import type { Epoch } from '../core/clock.js'
import { SAMPLE_TARGET, Task } from '../core/task.js'
import { CANCELED } from '../core/task-state.js'
import type { WaitKind } from '../core/wait-book.js'
import { ambient, callAs, type RunningTask } from './ambient-task.js'
import { LaneRun } from './lane-run.js'
import { LazySignal } from './lazy-signal.js'
import { type CurrentTask, NO_LANES } from './task-context.js'

/** What a run asks of the lane it is on. */
export interface RunKeeper {
  readonly name: string
  readonly epoch: Epoch
  /** Ends a task whose time is over: it may hold the very loop whose timer should have done so. */
  checkTime(run: LoopRun): void
  /** A run waits for other tasks. @returns to be called when that is over */
  awaits(run: LoopRun, ...wait: Parameters<LoopRun['beginWait']>): () => void
  /** A run waits for what the runtime will tell it of, or does not any more. */
  setWaiting(run: LoopRun, isWaiting: boolean): void
}

/** Stands for every task of which nothing is to be told any more. */
const GONE = ended(new Task(SAMPLE_TARGET, 0, NO_ARGUMENTS, 0, null, null))

function ended(task: Task): Task {
  task.settle(CANCELED, undefined, 0)
  return task
}

/** One attempt at a task, on the loop of whoever submitted it. */
export class LoopRun extends LaneRun implements RunningTask {
  /** The instant. The task has it only when somebody looks. */
  #started: number
  readonly #keeper: RunKeeper
  /** What ends its waits. */
  #waits: Set<() => void> | null = null
  #context: LoopContext | null = null
  #aborted: { readonly reason: unknown } | null = null
  #endedCancelled = false

  constructor(task: Task, started: number, keeper: RunKeeper) {
    super(task)
    this.#started = started
    this.#keeper = keeper
  }

  get started(): number {
    return this.#started
  }

  /** Whether its outcome has been decided against it. Of one of which nothing goes on, as it was then. */
  get isCancelled(): boolean {
    return this.over ? this.#endedCancelled : this.task.dead
  }

  /** It starts later than it seemed, unless it has ended by now. */
  startAt(started: number): void {
    const { task } = this
    if (task.dead) return
    this.#started = started
    if (task.started !== undefined) task.started = started
  }

  beginWait(awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind): () => void {
    if (this.over) return () => {}
    this.#waits ??= new Set()
    const open = this.#waits
    if (open.size === 0) this.#keeper.setWaiting(this, true)
    const end = this.#keeper.awaits(this, awaited, refuse, kind)
    const over = (): void => {
      if (!open.delete(over)) return
      end()
      if (open.size === 0) this.#keeper.setWaiting(this, false)
    }
    open.add(over)
    return over
  }

  /**
   * Nothing of it goes on. What its code has left behind, a timer or a socket, holds the run as long as that lasts, and is not
   * to hold the task's value: only what `currentTask()` tells there is kept.
   */
  forget(): void {
    const { target, sequence, submitted, dead } = this.task
    this.#endedCancelled = dead
    if (this.#context !== null || !ambient.isAskedFor) this.task = GONE
    else this.task = ended(new Task(target, sequence, NO_ARGUMENTS, submitted, null, null))
  }

  /** Nobody waits by its name any more. */
  endWaits(): void {
    for (const over of this.#waits ?? []) over()
  }

  /** Made only for a task that asks. */
  get context(): CurrentTask {
    if (this.#context === null) {
      this.#context = new LoopContext(this, this.#keeper)
      if (this.#aborted !== null) this.#context.abort(this.#aborted.reason)
    }
    return this.#context
  }

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#context?.abort(reason)
  }
}

class LoopContext implements CurrentTask {
  readonly lanes = NO_LANES
  readonly #run: LoopRun
  readonly #keeper: RunKeeper
  readonly #signal = new LazySignal()
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number

  constructor(run: LoopRun, keeper: RunKeeper) {
    const { sequence, target, deadline, attempt } = run.task
    this.#run = run
    this.#keeper = keeper
    this.id = sequence
    this.name = target.name
    this.lane = keeper.name
    this.deadline = deadline === Number.POSITIVE_INFINITY ? undefined : keeper.epoch.fromInstant(deadline)
    this.attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#signal.signal
  }

  abort(reason: unknown): void {
    // Its listeners are the task's.
    callAs(this.#run, () => this.#signal.abort(reason), [])
  }

  get cancelled(): boolean {
    this.#keeper.checkTime(this.#run)
    return this.#run.isCancelled
  }

  yield(): Promise<void> {
    return new Promise(resolve => setImmediate(resolve))
  }
}
