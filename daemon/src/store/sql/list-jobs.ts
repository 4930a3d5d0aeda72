import type { JobState, StoredState } from '../../jobs/job.js'
import type { JobPage, JobQuery } from '../job-store.js'
import { RECORD_COLUMNS, recordOf } from './job-rows.js'
import type { SqlConnection } from './sql-connection.js'
import type { SqlRow, SqlValue } from './sql-database.js'

/*
 * A page follows the order of arrival, so each query must be able to walk an index in that order and stop after a
 * page. With states or a lane asked for, that is jobs_by_state (state, lane, sequence), once for each pair of them;
 * the pairs are then merged. There are few of them: seven states at most, and the lanes of the configuration.
 */

interface Stream {
  readonly conditions: readonly string[]
  readonly values: readonly SqlValue[]
}

const ALL_STORED: readonly StoredState[] = [
  'waiting',
  'running',
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
]

/** Steps from each lane to the next in the index, past all that lies between. */
const LANES_OF_STATE = `
WITH RECURSIVE lanes (lane) AS (
  SELECT min(lane) FROM jobs INDEXED BY jobs_by_state WHERE state = ?1
  UNION ALL
  SELECT (SELECT min(lane) FROM jobs INDEXED BY jobs_by_state WHERE state = ?1 AND lane > lanes.lane)
  FROM lanes WHERE lanes.lane IS NOT NULL
)
SELECT lane FROM lanes WHERE lane IS NOT NULL`

/** @param after the last sequence of the page before, or null */
export function listJobs(
  connection: SqlConnection,
  query: Omit<JobQuery, 'after'>,
  after: number | null,
): JobPage {
  const rows = streamsOf(connection, query).flatMap(stream => page(connection, stream, query, after))
  const direction = query.order === 'oldest' ? 1 : -1
  rows.sort((a, b) => ((a.sequence as number) - (b.sequence as number)) * direction)
  const jobs = rows.slice(0, query.limit).map(recordOf)
  return { jobs, next: rows.length > query.limit ? String(jobs.at(-1)!.sequence) : null }
}

function page(
  connection: SqlConnection,
  stream: Stream,
  query: Omit<JobQuery, 'after'>,
  after: number | null,
): readonly SqlRow[] {
  const conditions = [...stream.conditions]
  const values = [...stream.values]
  if (query.name !== undefined) {
    conditions.push('name = ?')
    values.push(query.name)
  }
  const oldest = query.order === 'oldest'
  if (after !== null) {
    conditions.push(oldest ? 'sequence > ?' : 'sequence < ?')
    values.push(after)
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  return connection
    .statement(
      `SELECT ${RECORD_COLUMNS} FROM jobs ${where} ORDER BY sequence ${oldest ? '' : 'DESC'} LIMIT ?`,
    )
    .all(...values, query.limit + 1)
}

function streamsOf(connection: SqlConnection, query: Omit<JobQuery, 'after'>): readonly Stream[] {
  if (query.states === undefined && query.lane === undefined) return [{ conditions: [], values: [] }]
  return storedStates(query.states).flatMap(({ state, due }) =>
    lanesOf(connection, state, query.lane).map(lane => ({
      conditions: ['state = ?', 'lane = ?', ...(due === null ? [] : [`due_at ${due} ?`])],
      values: [state, lane, ...(due === null ? [] : [query.now])],
    })),
  )
}

function lanesOf(connection: SqlConnection, state: StoredState, lane: string | undefined): readonly string[] {
  if (lane !== undefined) return [lane]
  return connection
    .statement(LANES_OF_STATE)
    .all(state)
    .map(row => row.lane as string)
}

/** What the states that are shown are kept as; `due` compares the time of a waiting job with now. */
function storedStates(
  states: readonly JobState[] | undefined,
): readonly { readonly state: StoredState; readonly due: '>' | '<=' | null }[] {
  if (states === undefined) return ALL_STORED.map(state => ({ state, due: null }))
  const asked = new Set(states)
  if (asked.has('scheduled') && asked.has('queued')) {
    return ALL_STORED.filter(state => state === 'waiting' || asked.has(state)).map(state => ({
      state,
      due: null,
    }))
  }
  return [...asked].map(state => {
    if (state === 'scheduled') return { state: 'waiting', due: '>' }
    if (state === 'queued') return { state: 'waiting', due: '<=' }
    return { state, due: null }
  })
}
