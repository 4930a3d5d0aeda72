import type { JobError } from '../jobs/job.js'
import type { JobDefinition } from '../jobs/job-definition.js'
import type { ProcessIdentity } from '../store/job-store.js'

/** What crosses between the daemon's main thread and the lane threads that run its jobs. */

/** Each lane's `workerData`: what its threads are to be able to run, imported before the first job. */
export interface LaneWork {
  readonly jobs: readonly Pick<JobDefinition, 'name' | 'work'>[]
  /** The name of the BroadcastChannel for {@link JobSignal}, one for each daemon. */
  readonly channel: string
  /** What commands get of the daemon's own environment: a lane thread has none. */
  readonly environment: Readonly<Record<string, string>>
}

/** The one argument of the task that runs a job. */
export interface JobCall {
  readonly id: string
  readonly name: string
  readonly attempt: number
  /** JSON text. */
  readonly input: string | null
}

/** How a job ended by itself. Time-outs, cancels and dead threads are the lane's outcomes instead. */
export type JobEnd =
  | { readonly ok: true; readonly result: string | null; readonly log: string }
  | { readonly ok: false; readonly error: JobError; readonly log: string }

/** What a lane thread tells of a job while it runs. */
export type JobSignal =
  /**
   * It is about to run. The lane itself tells of a start only once the first synchronous stretch of it is over, which
   * for a job that burns its thread's CPU is its end.
   */
  | { readonly kind: 'started'; readonly id: string; readonly attempt: number }
  /** Its command runs, as the head of a process group of its own. */
  | {
      readonly kind: 'process'
      readonly id: string
      readonly attempt: number
      readonly process: ProcessIdentity
    }
  /** The tail of its output so far, in full; at most some times a second. */
  | { readonly kind: 'output'; readonly id: string; readonly attempt: number; readonly tail: string }
  /** Nothing of it is left: no process, no output to come. Sent last, for every job of which more than its start was told. */
  | { readonly kind: 'gone'; readonly id: string; readonly attempt: number; readonly tail: string }
