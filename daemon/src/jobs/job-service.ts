import type { JobPage, JobQuery } from '../store/job-store.js'
import type { JobRecord, JobSource, JobState } from './job.js'
import type { JobDefinition } from './job-definition.js'

/** What the services over HTTP, and those who embed the daemon, can do with jobs. */
export interface JobService {
  /** The jobs of the configuration, by name. */
  readonly definitions: ReadonlyMap<string, JobDefinition>

  /**
   * Accepts jobs: all of them or none. When it resolves they are on disk and will run.
   *
   * @throws JobServiceError: `ERR_JOB_UNKNOWN`, `ERR_LANE_UNKNOWN`, `ERR_JOB_INPUT`, `ERR_JOB_TERMS` (a
   *   priority or an instant that is none), `ERR_KEY_REUSED`, `ERR_KEY_EXPIRED`, `ERR_SHUTTING_DOWN`; StoreError
   */
  submit(requests: readonly JobRequest[], idempotency?: Idempotency): Promise<Submission>

  /** @throws StoreError */
  get(id: string): Promise<JobView | undefined>

  /** @throws StoreError */
  list(query: Omit<JobQuery, 'now'>): Promise<Omit<JobPage, 'jobs'> & { readonly jobs: readonly JobView[] }>

  /**
   * Cancels a job.
   *
   * @returns `cancelled` if it had not started, `cancelling` if it runs and has been told to end
   */
  cancel(id: string, reason?: string): Promise<'cancelled' | 'cancelling' | 'finished' | 'unknown'>

  /** Runs a job again that failed, timed out or was cancelled. */
  retry(id: string): Promise<'waiting' | 'unfinished' | 'succeeded' | 'unknown'>

  /** The JSON text of its result; null if it has none. */
  result(id: string): Promise<string | null | undefined>

  /** The end of its output: of the running attempt, else of the latest finished one. */
  logTail(id: string): Promise<string | undefined>

  /** When it is likely to be done. For a finished job, when it was. */
  estimate(job: JobView): Promise<Estimate>

  /** Whether jobs can be accepted just now; rejects with what is the matter. */
  probe(): Promise<void>

  /**
   * Calls the listener at each start and each end of a job of this daemon, when it happens.
   *
   * @returns takes the listener away
   */
  onChange(listener: (change: JobChange) => void): () => void
}

/** A job as it is now: what is kept of it, overlaid with what is known of a running attempt. */
export interface JobView extends Omit<JobRecord, 'state'> {
  readonly state: JobState
}

export interface JobRequest {
  readonly name: string
  readonly source: JobSource
  /** Any JSON value; undefined for none. */
  readonly input?: unknown
  /** Default: the definition's. */
  readonly lane?: string
  /** Default: the definition's. Greater goes first within the lane; an integer from 0 to 1,000,000. */
  readonly priority?: number
  /** Epoch milliseconds; a past instant runs now. Default now. */
  readonly dueAt?: number
}

export interface Submission {
  /** A job for each request, in their order. */
  readonly jobs: readonly JobView[]
  /** Whether they are those of an earlier call with the same idempotency key. */
  readonly repeated: boolean
}

export interface Idempotency {
  readonly key: string
  /** Whatever tells one request from another: method, path and body. */
  readonly fingerprint: string
}

export interface Estimate {
  /** Epoch milliseconds, of a year with four digits. */
  readonly doneAt: number
  /** Never below 0. */
  readonly secondsLeft: number
}

export interface JobChange {
  readonly kind: 'started' | 'finished' | 'retrying'
  readonly job: JobView
  /** Epoch milliseconds. */
  readonly at: number
}

export type JobServiceErrorCode =
  | 'ERR_JOB_UNKNOWN'
  | 'ERR_LANE_UNKNOWN'
  | 'ERR_JOB_INPUT'
  | 'ERR_JOB_TERMS'
  | 'ERR_KEY_REUSED'
  | 'ERR_KEY_EXPIRED'
  | 'ERR_SHUTTING_DOWN'

export class JobServiceError extends Error {
  readonly code: JobServiceErrorCode

  constructor(code: JobServiceErrorCode, message: string) {
    super(message)
    this.name = 'JobServiceError'
    this.code = code
  }
}
