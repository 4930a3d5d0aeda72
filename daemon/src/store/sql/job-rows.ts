import type { JobError, JobRecord, JobSource, StoredState } from '../../jobs/job.js'
import type { ProcessIdentity } from '../job-store.js'
import type { SqlRow } from './sql-database.js'

/** The columns that {@link recordOf} reads. */
export const RECORD_COLUMNS =
  'sequence, id, name, lane, priority, source, cost, state, attempt, interruptions, accepted_at, scheduled_at, ' +
  'due_at, started_at, finished_at, error'

/** The row as the job that it keeps. The schema has seen to the types. */
export function recordOf(row: SqlRow): JobRecord {
  return {
    id: row.id as string,
    sequence: row.sequence as number,
    name: row.name as string,
    lane: row.lane as string,
    priority: row.priority as number,
    source: row.source as JobSource,
    cost: row.cost as number,
    state: row.state as StoredState,
    attempt: row.attempt as number,
    interruptions: row.interruptions as number,
    acceptedAt: row.accepted_at as number,
    scheduledAt: row.scheduled_at as number,
    dueAt: row.due_at as number,
    startedAt: row.started_at as number | null,
    finishedAt: row.finished_at as number | null,
    error: parsed<JobError>(row.error),
  }
}

export function processOf(row: SqlRow): ProcessIdentity | null {
  return parsed<ProcessIdentity>(row.process)
}

function parsed<T>(json: SqlRow[string] | undefined): T | null {
  return typeof json === 'string' ? (JSON.parse(json) as T) : null
}
