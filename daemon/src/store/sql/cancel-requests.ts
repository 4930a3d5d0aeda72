import type { SqlConnection } from './sql-connection.js'

/** The error of a job that was cancelled in nobody's hands. */
export const CANCELLED = JSON.stringify({
  name: 'TaskCanceledError',
  message: 'the job was cancelled while it waited',
  code: 'ERR_TASK_CANCELED',
})

const CANCELLED_IN_ATTEMPT = JSON.stringify({
  name: 'TaskCanceledError',
  message: 'the job was cancelled, and its daemon went down before its attempt had ended',
  code: 'ERR_TASK_CANCELED',
})

/** Notes that a job is to be cancelled by whoever holds it. */
export function requestCancel(connection: SqlConnection, sequence: number, now: number): void {
  connection.statement('INSERT OR IGNORE INTO cancel_requests VALUES (?, ?)').run(sequence, now)
}

/** The attempt that was to be cancelled has ended, in one way or another. */
export function forgetCancelRequest(connection: SqlConnection, sequence: number): void {
  connection.statement('DELETE FROM cancel_requests WHERE sequence = ?').run(sequence)
}

/** Cancels the jobs that were to be, and have been given back. */
export function cancelGivenBack(connection: SqlConnection): void {
  const isGivenBack = `sequence IN (SELECT sequence FROM cancel_requests) AND claimed_by IS NULL`
  connection
    .statement(
      `UPDATE jobs SET state = 'cancelled', ready = NULL, error = ?,
        finished_at = (SELECT requested_at FROM cancel_requests WHERE sequence = jobs.sequence)
      WHERE ${isGivenBack} AND state = 'waiting'`,
    )
    .run(CANCELLED_IN_ATTEMPT)
  connection
    .statement(
      `DELETE FROM cancel_requests WHERE sequence IN (SELECT sequence FROM jobs WHERE ${isGivenBack})`,
    )
    .run()
}
