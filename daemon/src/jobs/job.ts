/** The one job model that every service of the daemon shares. */

/**
 * What a job is stored as. `waiting` covers both the job whose time has not come and the one whose lane is busy:
 * which of the two it is depends on the clock, so {@link stateAt} decides it when it is read.
 */
export type StoredState = 'waiting' | 'running' | FinalState

export type FinalState = 'succeeded' | 'failed' | 'timed_out' | 'cancelled'

/** What a job is shown as. */
export type JobState = 'scheduled' | 'queued' | 'running' | FinalState

export const FINAL_STATES: readonly FinalState[] = ['succeeded', 'failed', 'timed_out', 'cancelled']
export const JOB_STATES: readonly JobState[] = ['scheduled', 'queued', 'running', ...FINAL_STATES]

/** Why a job did not succeed. */
export interface JobError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
}

/** Which service took the job in. */
export type JobSource = 'work' | 'schedule' | 'group' | 'queue' | 'v1' | 'embedded'

/** A job as its service hands it over to be kept. All instants are epoch milliseconds. */
export interface NewJob {
  /** A UUID in its usual spelling, lower case. */
  readonly id: string
  readonly name: string
  readonly lane: string
  /** Greater goes first within the lane; an integer from 0 to 1,000,000. */
  readonly priority: number
  readonly source: JobSource
  /** JSON text; it stays text until the lane thread that runs the job reads it. */
  readonly input: string | null
  /** How many times the usual duration it is likely to take: see {@link JobDefinition.cost}. */
  readonly cost: number
  readonly acceptedAt: number
  /** Not to be started before. */
  readonly dueAt: number
}

/** A job as it is kept, without what may be large: input, result and log are read apart. */
export interface JobRecord {
  readonly id: string
  /** Grows with every job accepted: the order of arrival. */
  readonly sequence: number
  readonly name: string
  readonly lane: string
  readonly priority: number
  readonly source: JobSource
  readonly cost: number
  readonly state: StoredState
  /** How often it has been started. */
  readonly attempt: number
  /** How many of the starts were cut off by the death of a thread or of the daemon. */
  readonly interruptions: number
  readonly acceptedAt: number
  /** When it was first to start; {@link dueAt} moves on with each retry. */
  readonly scheduledAt: number
  readonly dueAt: number
  /** The start of the latest attempt. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** Of the latest attempt, also while the job waits for its next one. */
  readonly error: JobError | null
}

export function isFinal(state: StoredState | JobState): state is FinalState {
  return (FINAL_STATES as readonly string[]).includes(state)
}

/** @param now epoch milliseconds */
export function stateAt(job: Pick<JobRecord, 'state' | 'dueAt'>, now: number): JobState {
  if (job.state !== 'waiting') return job.state
  return job.dueAt > now ? 'scheduled' : 'queued'
}
