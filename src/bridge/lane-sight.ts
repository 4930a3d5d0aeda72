import type { Backlog } from '../core/backlog.js'
import type { Retries } from '../core/retries.js'
import type { Task } from '../core/task.js'
import type { TaskRecord } from '../core/task-info.js'
import { DONE, FAILED, isFinal, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'
import { OWNER } from './owner.js'
import type { SentTasks } from './sent-tasks.js'
import { FLAG, FLOAT, INT, isLimitOfRun, RECALLED } from './shared-table.js'
import type { ThreadBlock } from './thread-block.js'

/** Where a sender keeps a lane's tasks, as far as they are to be looked at. */
export interface TaskPlaces {
  readonly sent: SentTasks
  readonly backlog: Backlog
  readonly retries: Retries
  /** What tasks wait for, by their numbers. */
  readonly awaited: ReadonlyMap<number, readonly string[]>
  /** The connections to the lane's threads. */
  readonly links: ReadonlyMap<number, { readonly block: ThreadBlock }>
}

/**
 * What a sender sees of its tasks on one lane. Of those sent it reads the shared table and the blocks of the lane's
 * threads, so that what it tells is true at that moment, whatever those threads are doing.
 */
export class LaneSight {
  readonly #lane: string
  readonly #places: TaskPlaces

  constructor(lane: string, places: TaskPlaces) {
    this.#lane = lane
    this.#places = places
  }

  /** A task as it is now; to be read at once, since an unsent task is its own record. */
  recordOf(task: Task): TaskRecord {
    const { id } = task
    if (id === 0) return task
    const { table } = this.#places.sent
    // First, since whoever changes it has written the instants before.
    const state = table.state(id)
    if (state === RECALLED || state < 0) return task
    const { target, sequence, submitted, attempt, priority } = task
    // The attempt has failed, and the sender has yet to hear of it and to run the task again.
    const goesOn = state === FAILED && this.#places.retries.areLeft(task)
    const ran = state !== TIMED_OUT || isLimitOfRun(table.int(id, INT.LIMIT))
    // A claim that is about to fail writes a start too, and takes it back.
    const started = state === SCHEDULED || !ran ? undefined : table.float(id, FLOAT.STARTED) || undefined
    // Who times a task out writes no end; it is when its limit was.
    const limit = ran ? FLOAT.RUN_EXPIRES : FLOAT.EXPIRES
    const end = state === TIMED_OUT ? limit : FLOAT.ENDED
    const ended = isFinal(state) && !goesOn ? table.float(id, end) || undefined : undefined
    return {
      target,
      sequence,
      state: goesOn ? STARTED : state,
      submitted,
      started,
      ended,
      attempt,
      priority,
      awaited: state === STARTED ? this.#places.awaited.get(sequence) : undefined,
    }
  }

  /** Sent tasks that have not settled: scheduled, started, or ended with the answer still on its way; in no order. */
  *sent(): Generator<TaskRecord> {
    for (const { id, task } of this.#places.sent.of(this.#lane)) if (task.id === id) yield this.recordOf(task)
  }

  /** Tasks that have not been sent: the ready ones in about the order in which they will be, then the others. */
  unsent(): Iterable<TaskRecord> {
    return this.#places.backlog
  }

  /** How many of the unsent are in this state. */
  countUnsent(state: number): number {
    return this.#places.backlog.countIn(state)
  }

  /** The tasks in their first synchronous stretch on a loop of the lane; their outcome may have been decided. */
  *holders(): Generator<TaskRecord> {
    const { sent, links } = this.#places
    for (const { block } of links.values()) {
      const id = block.holder
      const task = id === 0 || block.holderSender !== OWNER ? undefined : sent.find(id)
      if (task === undefined || task.target.lane !== this.#lane) continue
      const record = this.recordOf(task)
      // It has let go since.
      if (record.state !== DONE && record.state !== FAILED) yield record
    }
  }

  /** Others know of a task: whose turn it waits for is to be told, if it has a key. */
  know(task: Task): void {
    this.#places.backlog.know(task)
  }

  /** Has the start of a task told here for others. @returns its instant, if it has started */
  startOf(task: Task): number | undefined {
    task.rareOptions().reportStart = true
    this.reportStart(task)
    return this.recordOf(task).started
  }

  /** Has the lane thread say when this task starts, if it has not; to be followed by another look at its state. */
  reportStart(task: Task): void {
    if (task.id !== 0) this.#places.sent.table.orInt(task.id, INT.FLAGS, FLAG.REPORT_START)
  }
}
