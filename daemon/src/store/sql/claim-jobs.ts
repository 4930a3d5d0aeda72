import type { Claim, ClaimedJob, Recovery } from '../job-store.js'
import { cancelGivenBack } from './cancel-requests.js'
import { processOf, RECORD_COLUMNS, recordOf } from './job-rows.js'
import type { SqlConnection } from './sql-connection.js'
import type { SqlRow } from './sql-database.js'

const SELECT_READY = `
SELECT ${RECORD_COLUMNS} FROM jobs INDEXED BY jobs_ready
WHERE ready = 1 AND lane = ? ORDER BY priority DESC, sequence LIMIT ?`

/** It is looked at again when it is next due. */
const GIVE_BACK = "state = 'waiting', claimed_by = NULL, claim_number = NULL, ready = 0"

/** Claims the jobs of a lane that are due and nobody's, by priority, then by arrival. */
export function claimJobs(
  connection: SqlConnection,
  owner: string,
  lane: string,
  limit: number,
  now: number,
  claimNumber: number,
): Claim {
  const due = readyJobs(connection, lane, limit + 1, now)
  const mark = connection.statement(
    'UPDATE jobs SET claimed_by = ?, claim_number = ?, ready = NULL WHERE sequence = ?',
  )
  const input = connection.statement('SELECT input FROM job_inputs WHERE sequence = ?')
  const jobs = due.slice(0, limit).map((row): ClaimedJob => {
    const job = recordOf(row)
    mark.run(owner, claimNumber, job.sequence)
    const kept = input.get(job.sequence)
    return { ...job, input: kept === undefined ? null : (kept.input as string) }
  })
  const next = connection
    .statement('SELECT min(due_at) AS due_at FROM jobs INDEXED BY jobs_timed WHERE ready = 0 AND lane = ?')
    .get(lane)
  return { jobs, more: due.length > limit, nextDueAt: (next?.due_at ?? null) as number | null }
}

function readyJobs(connection: SqlConnection, lane: string, limit: number, now: number): readonly SqlRow[] {
  connection
    .statement('UPDATE jobs INDEXED BY jobs_timed SET ready = 1 WHERE ready = 0 AND lane = ? AND due_at <= ?')
    .run(lane, now)
  const select = connection.statement(SELECT_READY)
  const rows = select.all(lane, limit)
  if (rows.every(row => (row.due_at as number) <= now)) return rows
  // The clock was put back since these were found due: their time is still to come.
  connection
    .statement('UPDATE jobs INDEXED BY jobs_ready SET ready = 0 WHERE ready = 1 AND lane = ? AND due_at > ?')
    .run(lane, now)
  return select.all(lane, limit)
}

/** Gives an owner's jobs back. A started attempt is not counted, neither as an attempt nor as an interruption. */
export function releaseJobs(connection: SqlConnection, owner: string, ids: readonly string[]): void {
  const release = connection.statement(
    `UPDATE jobs SET ${GIVE_BACK}, process = NULL, attempt = max(attempt - (state = 'running'), 0)
    WHERE id = ? AND claimed_by = ? AND state IN ('waiting', 'running')`,
  )
  for (const id of ids) release.run(id, owner)
  cancelGivenBack(connection)
}

/**
 * Gives back what calls had claimed whose answers never reached their owner: it does not know that it holds them, so
 * nobody would ever start them. What it has started it does know.
 */
export function abandonClaims(
  connection: SqlConnection,
  owner: string,
  claims: readonly number[],
  ids: readonly string[],
): void {
  const byClaim = connection.statement(
    `UPDATE jobs INDEXED BY jobs_claimed SET ${GIVE_BACK}
    WHERE claimed_by IS NOT NULL AND claimed_by = ? AND claim_number = ? AND state = 'waiting'`,
  )
  for (const claim of claims) byClaim.run(owner, claim)
  const byId = connection.statement(
    `UPDATE jobs SET ${GIVE_BACK} WHERE id = ? AND claimed_by = ? AND state = 'waiting'`,
  )
  for (const id of ids) byId.run(id, owner)
  cancelGivenBack(connection)
}

/**
 * Gives back what all other owners had claimed.
 *
 * An attempt that had a process is told of again by every recovery until its job starts anew, if it does, since it may
 * be cancelled: whoever was told may die before the process does.
 */
export function recoverJobs(connection: SqlConnection, owner: string): Recovery {
  const left = connection
    .statement(
      `SELECT sequence, id, attempt, process FROM jobs INDEXED BY jobs_process
      WHERE process IS NOT NULL AND claimed_by IS NULL`,
    )
    .all()
  const running = connection
    .statement(
      `SELECT sequence, id, attempt, process FROM jobs INDEXED BY jobs_claimed
      WHERE claimed_by IS NOT NULL AND claimed_by <> ? AND state = 'running'`,
    )
    .all(owner)
  const claims = connection
    .statement(
      `UPDATE jobs INDEXED BY jobs_claimed SET ${GIVE_BACK}, interruptions = interruptions + (state = 'running')
      WHERE claimed_by IS NOT NULL AND claimed_by <> ?`,
    )
    .run(owner)
  cancelGivenBack(connection)
  const interrupted = [...left, ...running]
    .sort((a, b) => (a.sequence as number) - (b.sequence as number))
    .map(row => ({ id: row.id as string, attempt: row.attempt as number, process: processOf(row) }))
  return { claims, interrupted }
}
