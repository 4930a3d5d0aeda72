import type { SqlConnection } from './sql-connection.js'
import type { SqlRow } from './sql-database.js'

/**
 * Forgets the oldest finished jobs, and the idempotency keys of that age whose jobs are all forgotten.
 *
 * @returns how many jobs were forgotten
 */
export function sweepJobs(
  connection: SqlConnection,
  finishedBefore: number,
  keep: number,
  limit: number,
): number {
  const jobs = 'SELECT sequence, finished_at FROM jobs INDEXED BY jobs_finished WHERE finished_at IS NOT NULL'
  const firstTooMany = connection
    .statement(`${jobs} ORDER BY finished_at DESC, sequence DESC LIMIT 1 OFFSET ?`)
    .get(keep)
  // Both bounds cut the same order, by time of finish, so the farther one covers the other.
  const swept =
    firstTooMany !== undefined && (firstTooMany.finished_at as number) >= finishedBefore
      ? connection
          .statement(`${jobs} AND (finished_at, sequence) <= (?, ?) ORDER BY finished_at, sequence LIMIT ?`)
          .all(firstTooMany.finished_at!, firstTooMany.sequence!, limit)
      : connection
          .statement(`${jobs} AND finished_at < ? ORDER BY finished_at, sequence LIMIT ?`)
          .all(finishedBefore, limit)
  rememberLast(connection, swept)
  letGoOfKeys(connection, swept)
  for (const { sequence } of swept) {
    for (const table of ['job_inputs', 'job_outputs', 'jobs']) {
      connection.statement(`DELETE FROM ${table} WHERE sequence = ?`).run(sequence!)
    }
  }
  connection
    .statement(
      `DELETE FROM idempotency_keys WHERE key IN
      (SELECT key FROM idempotency_keys WHERE jobs_kept = 0 AND accepted_at < ? ORDER BY accepted_at LIMIT ?)`,
    )
    .run(finishedBefore, limit)
  return swept.length
}

/** All jobs at once: the row of a key whose jobs are thousands is as long as their ids. */
function letGoOfKeys(connection: SqlConnection, swept: readonly SqlRow[]): void {
  const sequences = JSON.stringify(swept.map(({ sequence }) => sequence))
  connection
    .statement(
      `UPDATE idempotency_keys SET jobs_kept = jobs_kept - let_go.jobs
      FROM (
        SELECT keyed_jobs.key, count(*) AS jobs
        FROM json_each(?) AS gone CROSS JOIN keyed_jobs ON sequence = gone.value GROUP BY keyed_jobs.key
      ) AS let_go
      WHERE idempotency_keys.key = let_go.key`,
    )
    .run(sequences)
  connection
    .statement('DELETE FROM keyed_jobs WHERE sequence IN (SELECT value FROM json_each(?))')
    .run(sequences)
}

/** Sequences only ever grow, also past that of a job that is forgotten. */
function rememberLast(connection: SqlConnection, swept: readonly SqlRow[]): void {
  const last = connection.statement('SELECT max(sequence) AS sequence FROM jobs').get()?.sequence
  if (!swept.some(({ sequence }) => sequence === last)) return
  connection.statement('UPDATE swept SET last_sequence = ?').run(last as number)
}
