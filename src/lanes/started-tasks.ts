import { FLOAT, INT, NO_LANE, type TableView } from '../bridge/shared-table.js'
import { CANCELED, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'

/**
 * The tasks of one sender that have begun on a thread and not ended, those included whose outcome has been decided against
 * them: any of them may hold its loop.
 *
 * @param table the sender's
 * @returns their ids
 */
export function* startedOn(table: TableView, thread: number): Generator<number> {
  for (const { id, state } of table) {
    if (table.int(id, INT.THREAD) !== thread || table.float(id, FLOAT.ENDED) !== 0) continue
    const hasBegun = table.float(id, FLOAT.STARTED) !== 0
    if (hasBegun && (state === STARTED || state === CANCELED || state === TIMED_OUT)) yield id
  }
}

/** Whether a sender has tasks on a thread that have not started. @param table the sender's */
export function hasUnstarted(table: TableView, thread: number): boolean {
  for (const { id, state } of table) {
    const isSent = state === SCHEDULED && table.int(id, INT.LANE) !== NO_LANE
    if (isSent && table.int(id, INT.THREAD) === thread) return true
  }
  return false
}
