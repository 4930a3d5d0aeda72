import { type TSchema, Type } from '@sinclair/typebox'
import { JOB_STATES, type JobSource, type JobState } from '../../jobs/job.js'
import type { Estimate, JobView } from '../../jobs/job-service.js'
import { HttpProblem, PROBLEM } from '../http-problem.js'

const SOURCES: readonly JobSource[] = ['work', 'schedule', 'group', 'queue', 'v1', 'embedded']

export const StateName = Type.Unsafe<JobState>({ type: 'string', enum: [...JOB_STATES] })
export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, with its zone.' })

/** The name under which {@link JobAnswer} is registered with the server, for `Type.Ref`. */
export const JOB = 'Job'

export const JobAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    lane: Type.String(),
    priority: Type.Integer({ description: 'Greater goes first within its lane.' }),
    source: Type.Unsafe<JobSource>({
      type: 'string',
      enum: [...SOURCES],
      description: 'Which service took it in.',
    }),
    state: StateName,
    cost: Type.Number({ description: 'How many times the usual duration it is likely to take.' }),
    attempt: Type.Integer({ description: 'How often it has been started.' }),
    interruptions: Type.Integer({
      description: 'How many starts were cut off by the death of a thread or of the daemon.',
    }),
    acceptedAt: Instant,
    scheduledAt: Type.String({ format: 'date-time', description: 'When it was first to start.' }),
    dueAt: Type.String({ format: 'date-time', description: 'The earliest time of its next start.' }),
    startedAt: Type.Union([Instant, Type.Null()], { description: 'The start of its latest attempt.' }),
    finishedAt: Type.Union([Instant, Type.Null()]),
    error: Type.Union(
      [
        Type.Object({
          name: Type.String(),
          message: Type.String(),
          code: Type.Optional(Type.String()),
          stack: Type.Optional(Type.String()),
        }),
        Type.Null(),
      ],
      { description: 'Why its latest attempt did not succeed.' },
    ),
  },
  { $id: JOB, description: 'A job as it is now.' },
)

export const EstimateAnswer = Type.Object(
  { doneAt: Instant, secondsLeft: Type.Number({ minimum: 0 }) },
  { description: 'When it is likely to be done; of a finished job, when it was.' },
)

/** A job in the form of {@link JobAnswer}. */
export function jobAnswer(job: JobView) {
  return {
    id: job.id,
    name: job.name,
    lane: job.lane,
    priority: job.priority,
    source: job.source,
    state: job.state,
    cost: job.cost,
    attempt: job.attempt,
    interruptions: job.interruptions,
    acceptedAt: iso(job.acceptedAt),
    scheduledAt: iso(job.scheduledAt),
    dueAt: iso(job.dueAt),
    startedAt: job.startedAt === null ? null : iso(job.startedAt),
    finishedAt: job.finishedAt === null ? null : iso(job.finishedAt),
    error: job.error,
  }
}

export function estimateAnswer({ doneAt, secondsLeft }: Estimate) {
  return { doneAt: iso(doneAt), secondsLeft: Math.max(0, secondsLeft) }
}

/** An answer that is a job, and why it is given. */
export function jobReply(description: string): TSchema {
  return Type.Ref(JOB, { description })
}

/** Answers that are problems, by status: why each is given. */
export function problems<Status extends number>(reasons: Readonly<Record<Status, string>>) {
  const answers = Object.entries<string>(reasons).map(([status, description]) => [
    status,
    Type.Ref(PROBLEM, { description }),
  ])
  return Object.fromEntries(answers) as Record<Status, TSchema>
}

export function unknownJob(): HttpProblem {
  return new HttpProblem(404, 'ERR_NOT_FOUND', 'There is no job with this id, or none any more.')
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
