import type { Settlement } from '../store/job-store.js'
import type { JobError, JobRecord } from './job.js'
import type { JobDefinition, RetryPolicy } from './job-definition.js'

/** How one attempt ended, with what it has written. */
export type AttemptEnd = { readonly log: string } & (
  | { readonly kind: 'succeeded'; readonly result: string | null }
  | { readonly kind: 'failed' | 'timed_out' | 'cancelled'; readonly error: JobError }
  /** Its thread, or the daemon, died under it. */
  | { readonly kind: 'interrupted'; readonly error: JobError }
)

/** How long an interrupted job waits, doubled with each interruption: it may be what killed the thread. */
const INTERRUPTED: RetryPolicy = { limit: 0, delay: 1000, factor: 2, maxDelay: 60_000 }

/**
 * Decides what becomes of a job after an attempt: its end, or another attempt.
 *
 * Failures count against `retries`; interruptions against a limit of their own, since most jobs that are interrupted
 * are innocent: they ran beside the one that killed their thread.
 *
 * @param job as it was before this attempt
 * @param attempt the number of this attempt, from 1
 * @param now epoch milliseconds
 * @param random from 0 to 1: it parts the jobs of one dead thread, so that they do not meet again
 */
export function settleAttempt(
  job: Pick<JobRecord, 'interruptions'>,
  attempt: number,
  end: AttemptEnd,
  definition: Pick<JobDefinition, 'retries' | 'interruptions'>,
  now: number,
  random: number,
): Settlement {
  const { log } = end
  switch (end.kind) {
    case 'succeeded':
      return { kind: 'succeeded', attempt, finishedAt: now, result: end.result, log }
    case 'cancelled':
      return { kind: 'cancelled', attempt, finishedAt: now, error: end.error, log }
    case 'failed':
    case 'timed_out': {
      const retried = Math.max(0, attempt - 1 - job.interruptions)
      if (retried >= definition.retries.limit) {
        return { kind: end.kind, attempt, finishedAt: now, error: end.error, log }
      }
      const dueAt = now + backoff(definition.retries, retried)
      return { kind: 'again', attempt, dueAt, error: end.error, interrupted: false, log }
    }
    case 'interrupted': {
      if (job.interruptions >= definition.interruptions) {
        return {
          kind: 'failed',
          attempt,
          finishedAt: now,
          error: interruptedTooOften(job.interruptions + 1, end.error),
          log,
        }
      }
      const dueAt = now + backoff(INTERRUPTED, job.interruptions) * (1 + random)
      return { kind: 'again', attempt, dueAt, error: end.error, interrupted: true, log }
    }
  }
}

/** The error of a job that is given up because it was cut off again and again. */
export function interruptedTooOften(times: number, last: JobError | null): JobError {
  const cause = last === null ? '' : `: ${last.message}`
  return {
    name: 'JobInterruptedError',
    code: 'ERR_JOB_INTERRUPTED',
    message: `cut off in ${times} attempts, and not started again${cause}`,
  }
}

/** @param retried how many retries there have been */
function backoff({ delay, factor, maxDelay }: RetryPolicy, retried: number): number {
  return Math.min(maxDelay, delay * factor ** retried)
}
