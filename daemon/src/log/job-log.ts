import type { Logger } from 'pino'
import type { JobService } from '../jobs/job-service.js'

/** Tells the daemon's log of jobs that went wrong; of all others only at its more talkative levels. */
export function logJobs(
  jobs: Pick<JobService, 'onChange'>,
  log: Pick<Logger, 'warn' | 'info' | 'debug'>,
): void {
  jobs.onChange(({ kind, job }) => {
    const { id, name, lane, attempt, state, error } = job
    const details = { job: id, name, lane, attempt }
    const reason = error === null ? undefined : (error.code ?? error.name)
    if (kind === 'started') log.debug(details, 'a job starts')
    else if (kind === 'retrying') log.info({ ...details, reason }, 'a job will be tried again')
    else if (state === 'failed' || state === 'timed_out')
      log.warn({ ...details, state, reason }, 'a job failed')
    else log.debug({ ...details, state }, 'a job has ended')
  })
}
