import { FLOAT, type TableView } from '../bridge/shared-table.js'
import { CANCELED, STARTED } from '../core/task-state.js'

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

/** Whether a task was cancelled that had started, and may go on. */
function hasBeenCanceled(table: TableView, id: number): boolean {
  const hasStarted = table.float(id, FLOAT.STARTED) !== 0
  return hasStarted && table.state(id) === CANCELED && table.float(id, FLOAT.ENDED) === 0
}
