import { type Static, Type } from '@sinclair/typebox'
import type { JobView } from '../../jobs/job-service.js'
import { dayFirst } from '../../local-time.js'
import { wordAnswer } from './answer-schemas.js'

const DATE = { description: 'DD-MM-YYYY HH:MM:SS, local time.' }

/** A job as the job scheduler shows it. */
export const JobRecordAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    job_name: Type.String(),
    scheduled_in: Type.String({ description: `When it was accepted. ${DATE.description}` }),
    scheduled_to: Type.String(DATE),
    status: wordAnswer(['scheduled', 'running', 'finished', 'canceled']),
    finish_status: Type.Optional(wordAnswer(['success', 'failed', 'canceled', 'did_not_run'])),
    finish_date: Type.Optional(Type.String(DATE)),
  },
  { description: 'The job; the finish is there once it has ended.' },
)

export type JobRecordAnswer = Static<typeof JobRecordAnswer>

export function recordOf(job: JobView): JobRecordAnswer {
  const waits = job.state === 'scheduled' || job.state === 'queued'
  return {
    id: job.id,
    job_name: job.name,
    scheduled_in: dayFirst(job.acceptedAt),
    // A job that waits for a retry is scheduled to that; of one that runs or ended, what was asked for is told.
    scheduled_to: dayFirst(waits ? job.dueAt : job.scheduledAt),
    ...standingOf(job),
    ...(job.finishedAt !== null && { finish_date: dayFirst(job.finishedAt) }),
  }
}

function standingOf(job: JobView): Pick<JobRecordAnswer, 'status' | 'finish_status'> {
  switch (job.state) {
    case 'scheduled':
    case 'queued':
      return { status: 'scheduled' }
    case 'running':
      return { status: 'running' }
    case 'succeeded':
      return { status: 'finished', finish_status: 'success' }
    case 'failed':
    case 'timed_out':
      return { status: 'finished', finish_status: 'failed' }
    case 'cancelled':
      return { status: 'canceled', finish_status: job.attempt === 0 ? 'did_not_run' : 'canceled' }
  }
}
