import { type EncodedReason, encodeError } from '../bridge/error-codec.js'
import { FLOAT, INT, type TableView } from '../bridge/shared-table.js'
import { LaneError } from '../core/errors.js'
import { CANCELED, FAILED, STARTED, TIMED_OUT } from '../core/task-state.js'

/**
 * Decides the outcome of all tasks that a sender has left running when it went.
 *
 * @returns the ids of those that are to be told to stop
 */
export function* cancelOrphans(table: TableView): Generator<number> {
  for (const { id } of table) {
    // It may have died as it was about to tell of its own cancel.
    if (table.exchange(id, STARTED, CANCELED) || hasBeenCanceled(table, id)) yield id
  }
}

/**
 * The numbers of the threads on which tasks of a sender that has gone may still run. To be asked once they are decided.
 *
 * One that has failed and not ended was failed by its sender, which had been told that its thread was lost: that can be
 * long before the thread has exited, if native code holds it.
 */
export function threadsOfOrphans(table: TableView): Set<number> {
  const threads = new Set<number>()
  for (const { id, state } of table) {
    const isDecided = state === CANCELED || state === TIMED_OUT || state === FAILED
    if (isDecided && table.float(id, FLOAT.STARTED) !== 0 && table.float(id, FLOAT.ENDED) === 0)
      threads.add(table.int(id, INT.THREAD))
  }
  return threads
}

/** Whether a task was cancelled that had started, and may go on. */
function hasBeenCanceled(table: TableView, id: number): boolean {
  const hasStarted = table.float(id, FLOAT.STARTED) !== 0
  return hasStarted && table.state(id) === CANCELED && table.float(id, FLOAT.ENDED) === 0
}

/** Who ends the tasks of senders that have gone. */
export interface OrphansObserver {
  /** What has not started is not to start. */
  unstarted(sender: number, table: TableView): void
  /** A task that has started is to stop. */
  started(sender: number, table: TableView, id: number, reason: EncodedReason): void
  /** Nothing more comes of a sender. @param running the threads on which some of its tasks may run */
  over(sender: number, running: ReadonlySet<number>): void
}

/**
 * The tasks of senders that have gone. That a lane thread has is seen first by its port, which a fault may close as well:
 * then it lives on for a moment, and may submit more to those it is connected with. So what it has in its table is looked
 * at once more when it has exited, and only then its keys are free.
 */
export class OrphanedTasks {
  readonly #observer: OrphansObserver
  /** What is known of the tables of threads that have not exited, and which of their tasks were told to stop. */
  readonly #left = new Map<number, { readonly table: TableView; readonly told: Set<number> }>()

  constructor(observer: OrphansObserver) {
    this.#observer = observer
  }

  /** Nobody is there any more to be told of a sender's tasks. @param exits whether it is a thread whose exit will be told */
  gone(sender: number, table: TableView, exits: boolean): void {
    const left = { table, told: new Set<number>() }
    this.#left.set(sender, left)
    if (exits) this.#end(sender, left)
    else this.exited(sender)
  }

  /** Nothing of a thread runs any more. */
  exited(sender: number): void {
    const left = this.#left.get(sender)
    if (left === undefined) return
    this.#left.delete(sender)
    this.#end(sender, left)
    this.#observer.over(sender, threadsOfOrphans(left.table))
  }

  #end(sender: number, { table, told }: { readonly table: TableView; readonly told: Set<number> }): void {
    const error = new LaneError('ERR_LANE_CLOSED', '', 'the thread that had submitted the task has ended')
    const reason = { error: encodeError(error) }
    this.#observer.unstarted(sender, table)
    for (const id of cancelOrphans(table)) {
      if (told.has(id)) continue
      told.add(id)
      this.#observer.started(sender, table, id, reason)
    }
  }
}
