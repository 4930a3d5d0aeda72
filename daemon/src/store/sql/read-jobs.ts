import type { JobRecord, JobState } from '../../jobs/job.js'
import type { PastDuration, QueueStretch, StateCount } from '../job-store.js'
import { coarsened, FINEST_SHIFT } from '../queue-profile.js'
import { RECORD_COLUMNS, recordOf } from './job-rows.js'
import type { SqlConnection } from './sql-connection.js'

/** Each of a job's large JSON texts, by the name of the call that reads it. Null where there is none. */
const TEXTS = {
  input: 'SELECT input AS text FROM jobs LEFT JOIN job_inputs USING (sequence) WHERE id = ?',
  result: `SELECT iif(state = 'succeeded', result, NULL) AS text
    FROM jobs LEFT JOIN job_outputs USING (sequence) WHERE id = ?`,
} as const

export type JobText = keyof typeof TEXTS

/** `ready` is 1 for the jobs found due already, and 0 for those whose time may have come since. */
const WAITING_PARTS = [
  'jobs INDEXED BY jobs_ready WHERE ready = 1 AND lane = :lane',
  'jobs INDEXED BY jobs_timed WHERE ready = 0 AND lane = :lane',
]

/** Steps from each name to the next in the index, past all that lies between: there are few names. */
const SUCCEEDED_NAMES = `
WITH RECURSIVE names (name) AS (
  SELECT min(name) FROM jobs WHERE state = 'succeeded'
  UNION ALL
  SELECT (SELECT min(name) FROM jobs WHERE state = 'succeeded' AND name > names.name)
  FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names WHERE name IS NOT NULL`

export function readJob(connection: SqlConnection, id: string): JobRecord | undefined {
  const row = connection.statement(`SELECT ${RECORD_COLUMNS} FROM jobs WHERE id = ?`).get(id)
  return row === undefined ? undefined : recordOf(row)
}

/** @returns undefined if there is no such job */
export function readText(connection: SqlConnection, id: string, which: JobText): string | null | undefined {
  return connection.statement(TEXTS[which]).get(id)?.text as string | null | undefined
}

/**
 * What a job printed is any text, also one with NULs: bindings end a text that they read at the first, so that it comes
 * in digits.
 *
 * @returns undefined if there is no such job
 */
export function readLog(connection: SqlConnection, id: string): string | undefined {
  const row = connection
    .statement('SELECT hex(log) AS digits FROM jobs LEFT JOIN job_outputs USING (sequence) WHERE id = ?')
    .get(id)
  return row === undefined ? undefined : Buffer.from(row.digits as string, 'hex').toString()
}

export function readCounts(connection: SqlConnection, now: number): readonly StateCount[] {
  const settled = connection
    .statement(
      "SELECT lane, state, count(*) AS count FROM jobs WHERE state <> 'waiting' GROUP BY state, lane",
    )
    .all()
  const waiting = connection
    .statement(
      `SELECT lane, iif(due_at > ?, 'scheduled', 'queued') AS shown, count(*) AS count
      FROM jobs WHERE state = 'waiting' GROUP BY lane, shown`,
    )
    .all(now)
  return [...waiting, ...settled].map(row => ({
    lane: row.lane as string,
    state: (row.shown ?? row.state) as JobState,
    count: row.count as number,
  }))
}

/** The most that a cost counts in a sum: SQLite makes NULL of one that is beyond its numbers. */
const MOST_SUMMED = '1e290'

export function readProfile(connection: SqlConnection, lane: string, now: number): readonly QueueStretch[] {
  const waiting = WAITING_PARTS.map(
    part => `SELECT name, priority, sequence, cost FROM ${part.replace(':lane', '?1')} AND due_at <= ?2`,
  ).join(' UNION ALL ')
  const rows = connection
    .statement(
      `SELECT name, priority, min(sequence) AS first, max(sequence) AS last, count(*) AS count,
        sum(min(cost, ${MOST_SUMMED})) AS cost
      FROM (${waiting})
      GROUP BY priority, sequence >> ${FINEST_SHIFT}, name ORDER BY priority DESC, first`,
    )
    .all(lane, now)
  return coarsened(
    rows.map(row => ({
      name: row.name as string,
      priority: row.priority as number,
      firstSequence: row.first as number,
      lastSequence: row.last as number,
      count: row.count as number,
      cost: row.cost as number,
    })),
  )
}

export function readDurations(connection: SqlConnection, limit: number): readonly PastDuration[] {
  const latest = connection.statement(
    `SELECT name, started_at, finished_at, sequence, cost FROM jobs INDEXED BY jobs_succeeded
    WHERE state = 'succeeded' AND name = ? AND started_at IS NOT NULL
    ORDER BY finished_at DESC, sequence DESC LIMIT ?`,
  )
  const rows = connection
    .statement(SUCCEEDED_NAMES)
    .all()
    .flatMap(({ name }) => latest.all(name!, limit))
  return rows
    .map(row => ({
      finishedAt: row.finished_at as number,
      sequence: row.sequence as number,
      duration: (row.finished_at as number) - (row.started_at as number),
      name: row.name as string,
      cost: row.cost as number,
    }))
    .sort((a, b) => b.finishedAt - a.finishedAt || b.sequence - a.sequence)
    .map(({ name, duration, cost }) => ({ name, duration, cost }))
}
