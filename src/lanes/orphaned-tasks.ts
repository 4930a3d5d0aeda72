import { FLOAT, INT, type TableView } from '../bridge/shared-table.js'
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
