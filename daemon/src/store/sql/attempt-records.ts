import { isFinal, type StoredState } from '../../jobs/job.js'
import type { AttemptStart, Settlement } from '../job-store.js'
import { CANCELLED, forgetCancelRequest, requestCancel } from './cancel-requests.js'
import type { SqlConnection } from './sql-connection.js'
import type { WriteAnswers } from './write-operations.js'

/** A job is changed by its holder only, and by no attempt older than the one on record. */
const IF_HELD = `WHERE id = ? AND claimed_by = ? AND state IN ('waiting', 'running') AND attempt <= ?`

const START = `
UPDATE jobs SET state = 'running', attempt = ?, started_at = ?, process = ?, error = NULL ${IF_HELD}`

const SETTLE = `
UPDATE jobs SET state = ?, attempt = ?, finished_at = ?, error = ?, claimed_by = NULL, claim_number = NULL,
  process = NULL ${IF_HELD} RETURNING sequence`

/** A job that waits with this very attempt on record has been settled so already, and claimed again since. */
const SETTLE_AGAIN = `
UPDATE jobs SET state = 'waiting', ready = 0, due_at = ?, attempt = ?, interruptions = interruptions + ?, error = ?,
  claimed_by = NULL, claim_number = NULL, process = NULL
${IF_HELD} AND (state = 'running' OR attempt < ?) RETURNING sequence`

const CANCEL = `
UPDATE jobs SET state = 'cancelled', ready = NULL, finished_at = ?, error = ? WHERE sequence = ?`

const RETRY = `
UPDATE jobs SET state = 'waiting', ready = 0, due_at = ?, attempt = 0, interruptions = 0, started_at = NULL,
  finished_at = NULL, error = NULL, process = NULL WHERE sequence = ?`

export function startAttempt(
  connection: SqlConnection,
  owner: string,
  id: string,
  start: AttemptStart,
): void {
  const process = start.process === null ? null : JSON.stringify(start.process)
  connection.statement(START).run(start.attempt, start.startedAt, process, id, owner, start.attempt)
}

export function settleAttempt(
  connection: SqlConnection,
  owner: string,
  id: string,
  settlement: Settlement,
): void {
  const { kind, attempt } = settlement
  const error = kind === 'succeeded' ? null : JSON.stringify(settlement.error)
  const row =
    kind === 'again'
      ? connection
          .statement(SETTLE_AGAIN)
          .get(settlement.dueAt, attempt, settlement.interrupted ? 1 : 0, error, id, owner, attempt, attempt)
      : connection.statement(SETTLE).get(kind, attempt, settlement.finishedAt, error, id, owner, attempt)
  if (row === undefined) return
  forgetCancelRequest(connection, row.sequence as number)
  connection
    .statement(
      `INSERT INTO job_outputs VALUES (?, ?, ?)
      ON CONFLICT (sequence) DO UPDATE SET result = excluded.result, log = excluded.log`,
    )
    .run(row.sequence as number, kind === 'succeeded' ? settlement.result : null, settlement.log)
}

export function cancelJob(connection: SqlConnection, id: string, now: number): WriteAnswers['cancel'] {
  const row = connection.statement('SELECT sequence, state, claimed_by FROM jobs WHERE id = ?').get(id)
  if (row === undefined) return 'unknown'
  if (isFinal(row.state as StoredState)) return 'finished'
  if (row.claimed_by !== null) {
    requestCancel(connection, row.sequence as number, now)
    return 'claimed'
  }
  connection.statement(CANCEL).run(now, CANCELLED, row.sequence as number)
  return 'cancelled'
}

export function retryJob(connection: SqlConnection, id: string, now: number): WriteAnswers['retry'] {
  const row = connection.statement('SELECT sequence, state FROM jobs WHERE id = ?').get(id)
  if (row === undefined) return 'unknown'
  const state = row.state as StoredState
  if (state === 'succeeded') return 'succeeded'
  if (!isFinal(state)) return 'unfinished'
  connection.statement(RETRY).run(now, row.sequence as number)
  return 'waiting'
}
