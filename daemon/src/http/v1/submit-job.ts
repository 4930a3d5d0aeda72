import { type Static, Type } from '@sinclair/typebox'
import { HttpProblem } from '../http-problem.js'
import type { HttpService } from '../http-service.js'
import { zonedInstantOf } from '../schema-check.js'
import { IdempotencyHeader } from '../services/answer-schemas.js'
import { idempotencyOf } from '../services/idempotency-key.js'
import { LATEST_INSTANT } from '../services/when.js'
import { jobAnswer, jobReply, problems } from './job-answer.js'

const LONGEST_DELAY_MS = 100 * 365 * 24 * 60 * 60 * 1000

const Submission = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: 'A job of the configuration.' }),
    lane: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: "Default: the job's own." }),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        description: "Greater goes first. Default: the job's own.",
      }),
    ),
    input: Type.Optional(Type.Unknown({ description: "Any JSON value that the job's schema takes." })),
    at: Type.Optional(
      Type.String({
        format: 'date-time',
        maxLength: 40,
        description: 'Not to start before; a time that is past runs now. Not together with delay.',
      }),
    ),
    delay: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LONGEST_DELAY_MS,
        description: 'Milliseconds to wait before it may start.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** `POST /v1/jobs`. */
export const submitJob: HttpService = (app, { jobs, now }) => {
  app.post<{ Body: Static<typeof Submission> }>('/v1/jobs', {
    schema: {
      operationId: 'submitJob',
      summary: 'Accepts a job. When this is answered 202, the job is kept on disk and will run.',
      description:
        'Sent again with the same Idempotency-Key and body, it answers with the job of the first time and the header ' +
        'Idempotent-Replayed: true.',
      tags: ['jobs'],
      headers: IdempotencyHeader,
      body: Submission,
      response: {
        202: jobReply('The job, as it was accepted; its address is in the Location header.'),
        ...problems({
          400: 'No such job or lane, an input the job does not take, or a malformed request.',
          409: 'The idempotency key was used for another request.',
          413: 'The body is too large.',
          415: 'The body is not JSON.',
        }),
      },
    },
    handler: async (request, reply) => {
      const { name, lane, priority, input, ...time } = request.body
      const dueAt = dueAtOf(time, now())
      const { jobs: accepted, repeated } = await jobs.submit(
        [
          {
            name,
            source: 'v1',
            input,
            ...(lane !== undefined && { lane }),
            ...(priority !== undefined && { priority }),
            ...(dueAt !== undefined && { dueAt }),
          },
        ],
        idempotencyOf(request, request.body),
      )
      const job = accepted[0]!
      if (repeated) reply.header('idempotent-replayed', 'true')
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(jobAnswer(job))
    },
  })
}

function dueAtOf(time: Pick<Static<typeof Submission>, 'at' | 'delay'>, now: number): number | undefined {
  const { at, delay } = time
  if (at !== undefined && delay !== undefined) {
    throw new HttpProblem(400, 'ERR_REQUEST', 'body must have at or delay, not both')
  }
  if (delay !== undefined) return Math.min(now + delay, LATEST_INSTANT)
  return at === undefined ? undefined : zonedInstantOf(at)
}
