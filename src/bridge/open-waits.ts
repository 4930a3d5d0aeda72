import type { DeadlockError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import type { SyncWait } from './blocking-wait.js'
import type { Job } from './job.js'
import type { WaitTold } from './protocol/sender-to-supervisor.js'
import { FLAG, FLOAT, INT } from './shared-table.js'
import { ReportedWait, TaskWait, type WaitReports, type WaitSaid } from './wait-reports.js'

/** What the waits of tasks that run here need of their thread. */
export interface WaitContext {
  readonly reports: () => WaitReports
  /** The function that a task runs, and its lane. */
  titleOf(job: Job): { readonly name: string; readonly lane: string }
  /** The task whose code runs, if any. */
  running(): Job | undefined
  /** All tasks that have started here and not ended. */
  started(): Iterable<Job>
}

/** What the tasks that run on this thread wait for. */
export class OpenWaits {
  readonly #context: WaitContext

  constructor(context: WaitContext) {
    this.#context = context
  }

  /**
   * A task begins to wait.
   *
   * @param awaited those it waits for
   * @param refuse called if the wait would be a deadlock
   * @param kind what ends it
   * @returns to be called when the wait is over
   */
  begin(
    job: Job,
    awaited: () => Iterable<Task>,
    refuse: (error: DeadlockError) => void,
    kind: WaitKind = 'end',
  ): () => void {
    const reports = this.#context.reports()
    const wait = new JobWait(this, job, awaited, refuse, kind)
    reports.begin(wait)
    return () => reports.end(wait)
  }

  /**
   * The task whose code runs is about to block the thread. That is told at once; and so is that all others that have
   * started here wait for it from now on.
   *
   * @param terms how it waits for the task
   * @param refuse called if the wait would be a deadlock
   * @returns to be called when the thread goes on
   */
  beginBlocking(task: Task, terms: SyncWait, refuse: (error: DeadlockError) => void): () => void {
    const job = this.#context.running()
    if (job === undefined || job.ended) return () => {}
    const reports = this.#context.reports()
    const waits: ReportedWait[] = []
    // In its first synchronous stretch it is not among those that have started.
    for (const one of new Set([job, ...this.#context.started()])) waits.push(new Standstill(this, one, job))
    waits.push(new BlockingJobWait(this, job, task, terms, refuse))
    reports.beginAtOnce(waits)
    return () => reports.endAtOnce(waits)
  }

  /** By what others know a task that runs here. */
  waiter(job: Job): WaitTold['waiter'] {
    const { table, sender } = job.source
    const hasExtras = (table.int(job.id, INT.FLAGS) & FLAG.EXTRAS) !== 0
    return {
      owner: sender,
      sequence: table.float(job.id, FLOAT.SEQUENCE),
      ...this.#context.titleOf(job),
      priority: hasExtras ? table.int(job.id, INT.OWN_PRIORITY) : 0,
    }
  }
}

/** A task waits for others. */
class JobWait extends TaskWait {
  readonly #waits: OpenWaits
  readonly #job: Job

  constructor(
    waits: OpenWaits,
    job: Job,
    awaited: () => Iterable<Task>,
    refuse: (error: DeadlockError) => void,
    kind: WaitKind,
  ) {
    super(awaited, refuse, kind)
    this.#waits = waits
    this.#job = job
  }

  protected override get waiter(): WaitTold['waiter'] | null {
    // One that was given up goes on under nobody's name: its slot may be another task's.
    return this.#job.ended ? null : this.#waits.waiter(this.#job)
  }
}

/** A task blocks its thread until another has ended or started. */
class BlockingJobWait extends JobWait {
  readonly #terms: SyncWait

  constructor(
    waits: OpenWaits,
    job: Job,
    task: Task,
    terms: SyncWait,
    refuse: (error: DeadlockError) => void,
  ) {
    super(waits, job, () => [task], refuse, kindOf(terms))
    this.#terms = terms
  }

  override get isOver(): boolean {
    return this.#terms.isOver()
  }

  override say(): WaitSaid | null {
    const said = super.say()
    return said && { ...said, waiter: { ...said.waiter, blocks: true } }
  }
}

function kindOf({ group, timeout }: SyncWait): WaitKind {
  if (timeout < Number.POSITIVE_INFINITY) return 'blocking'
  return group === 'RUNNING' ? 'start' : 'end'
}

/** A task can do nothing, since it or another blocks its thread. */
class Standstill extends ReportedWait {
  readonly #waits: OpenWaits
  readonly #job: Job
  readonly #blocking: Job

  constructor(waits: OpenWaits, job: Job, blocking: Job) {
    super()
    this.#waits = waits
    this.#job = job
    this.#blocking = blocking
  }

  say(): WaitSaid | null {
    // Whoever waits for one whose outcome has been decided does not wait for what its code still does.
    if (this.#job.isCancelled) return null
    const { priority: _, ...blocking } = this.#waits.waiter(this.#blocking)
    return { kind: 'thread', waiter: this.#waits.waiter(this.#job), awaited: [{ ...blocking, blocks: true }] }
  }

  refuse(): void {}
}
