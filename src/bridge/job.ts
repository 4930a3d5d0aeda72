import type { Queueable } from '../core/ready-queue.js'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import type { TableView } from './shared-table.js'

export const NO_ARGUMENTS: readonly unknown[] = []

/** Where a job came from, and where its answer goes. */
export interface JobSource {
  /** The number by which the supervisor knows the sender. */
  readonly sender: number
  readonly table: TableView
  /** Claims the job for running; false if it was cancelled, timed out or taken back meanwhile. */
  claim(job: Job, now: number): boolean
  /** Whether the outcome of a started job that has not ended has been decided against it. */
  isCancelled(job: Job): boolean
  /** Tells which jobs have started, if their sender wants to know before they end. */
  flushStarts(): void
  answer(job: Job, verdict: number, value: unknown, now: number): void
  /** The job held the loop for longer than its lane lets pass unreported. @param held milliseconds */
  reportSlow(job: Job, held: number): void
  /**
   * The job waits for what the runtime will tell it of.
   *
   * @returns to be called when it does not any more
   */
  waits(job: Job, awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind): () => void
  /** Gives the slot of a job back that did not run, or is given up. */
  acknowledge(job: Job): void
}

/** A task as the lane thread that is to run it knows it. */
export class Job implements Queueable<Job> {
  next: Job | null = null
  previous: Job | null = null
  position = 0
  readonly source: JobSource
  /** Its slot and generation in the sender's table. */
  readonly id: number
  /** Which function it calls. */
  readonly index: number
  args: readonly unknown[]
  readonly priority: number
  readonly deadline: number
  readonly arrival: number
  /** The instant since when it could have been sent. */
  readonly since: number
  /** The instant it started; 0 before. */
  started = 0
  #ended = false
  #endedCancelled = false
  /** What `currentTask()` answers, once the task has asked. */
  context: unknown = null

  constructor(
    source: JobSource,
    id: number,
    index: number,
    args: readonly unknown[],
    priority: number,
    deadline: number,
    arrival: number,
    since: number,
  ) {
    this.source = source
    this.id = id
    this.index = index
    this.args = args
    this.priority = priority
    this.deadline = deadline
    this.arrival = arrival
    this.since = since
  }

  /** Answered, or given up by the lane: whatever its code still does is of no interest. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether its outcome has been decided against it. Of one that has ended, as it was then: its slot may be another's. */
  get isCancelled(): boolean {
    return this.#ended ? this.#endedCancelled : this.source.isCancelled(this)
  }

  /** Called before its slot is given back. */
  end(): void {
    this.#endedCancelled = this.isCancelled
    this.#ended = true
  }

  /** Its code awaits something that the runtime will tell it of: until then it needs no place on its thread. */
  beginWait(
    awaited: () => Iterable<Task>,
    refuse: (error: Error) => void,
    kind: WaitKind = 'end',
  ): () => void {
    return this.source.waits(this, awaited, refuse, kind)
  }
}
