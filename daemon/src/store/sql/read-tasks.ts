import type { JobRecord } from '../../jobs/job.js'
import type { JobPage, JobQuery, PastDuration, QueueStretch, StateCount } from '../job-store.js'
import { listJobs } from './list-jobs.js'
import {
  type JobText,
  readCounts,
  readDurations,
  readJob,
  readLog,
  readProfile,
  readText,
} from './read-jobs.js'
import { SqlConnection } from './sql-connection.js'
import { SqlError } from './sql-database.js'
import { sqlDriver } from './sql-driver.js'
import type { StoreThreadData } from './store-thread-data.js'
import type { Failure } from './write-operations.js'

/*
 * The task module of the lanes that read. Each has a connection of its own: in a write-ahead log readers go on while
 * the writer waits for the disk.
 */

export type ReadOutcome<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & Failure)

let data: StoreThreadData
let connection: SqlConnection | null = null

export function setup(workerData: StoreThreadData): void {
  data = workerData
}

export function teardown(): void {
  connection?.close()
  connection = null
}

export function get(id: string): ReadOutcome<JobRecord | undefined> {
  return read(open => readJob(open, id))
}

export function text(id: string, which: JobText): ReadOutcome<string | null | undefined> {
  return read(open => readText(open, id, which))
}

export function log(id: string): ReadOutcome<string | undefined> {
  return read(open => readLog(open, id))
}

export function list(query: Omit<JobQuery, 'after'>, after: number | null): ReadOutcome<JobPage> {
  return read(open => listJobs(open, query, after))
}

export function counts(now: number): ReadOutcome<readonly StateCount[]> {
  return read(open => readCounts(open, now))
}

export function profile(lane: string, now: number): ReadOutcome<readonly QueueStretch[]> {
  return read(open => readProfile(open, lane, now))
}

export function durations(limit: number): ReadOutcome<readonly PastDuration[]> {
  return read(open => readDurations(open, limit))
}

/** Copies what it can of the write-ahead log into the database, while the writer goes on. */
export function checkpoint(): ReadOutcome<null> {
  return read(open => {
    open.checkpoint()
    return null
  })
}

function read<T>(query: (open: SqlConnection) => T): ReadOutcome<T> {
  try {
    connection ??= new SqlConnection(sqlDriver(), data.file)
    return { ok: true, value: query(connection) }
  } catch (error) {
    connection?.close()
    connection = null
    if (!(error instanceof SqlError)) throw error
    return { ok: false, code: error.code, message: error.message }
  }
}
