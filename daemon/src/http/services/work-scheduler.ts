import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { InputCheck } from '../../jobs/input-check.js'
import type { JobState } from '../../jobs/job.js'
import type { JobView } from '../../jobs/job-service.js'
import { yearFirst } from '../../local-time.js'
import { HttpProblem } from '../http-problem.js'
import type { HttpContext, HttpService } from '../http-service.js'
import { describedOnly, messageAnswer } from './answer-schemas.js'
import { idempotencyOf } from './idempotency-key.js'
import { isJobId } from './job-ids.js'
import { isJsonObject } from './json-object.js'

export const WorkAccepted = Type.Object(
  { id: Type.String({ format: 'uuid' }), status_url: Type.String() },
  { description: 'The work job will run.' },
)

const Progress = Type.Object(
  {
    message: Type.String(),
    estimated_time_completion: Type.String({ description: 'YYYY-MM-DD HH:MM:SS, local time.' }),
    seconds_to_completion: Type.Number({ minimum: 0 }),
  },
  { description: 'It is not done.' },
)

const Ended = Type.Object(
  {
    message: Type.String(),
    error: Type.Optional(
      Type.Object(
        { name: Type.String(), message: Type.String(), code: Type.Optional(Type.String()) },
        { description: 'Why it did not succeed.' },
      ),
    ),
  },
  { description: 'It has ended.' },
)

const UNSUCCESSFUL: Readonly<Partial<Record<JobState, string>>> = {
  failed: 'Job failed!',
  timed_out: 'Job timed out!',
  cancelled: 'Job was cancelled!',
}

/** `GET /api`: how the work job does, or any other job of the daemon. */
export const workScheduler: HttpService = (app, context) => {
  app.get<{ Querystring: { readonly id?: unknown } }>('/api', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'Whether a job is done, and if not, when it is likely to be.',
      tags: ['work'],
      querystring: Type.Object({ id: Type.String({ format: 'uuid' }) }),
      response: { 200: Ended, 202: Progress, 400: messageAnswer('The id is missing, or of no job.') },
    },
    handler: async (request, reply) => {
      const { id } = request.query
      const job = isJobId(id) ? await context.jobs.get(id) : undefined
      if (job === undefined) return reply.code(400).send({ message: 'Invalid id!' })
      if (job.state === 'succeeded') return reply.send({ message: 'Job is done!' })
      const message = UNSUCCESSFUL[job.state]
      if (message !== undefined) return reply.send({ message, error: errorOf(job, message) })

      const { doneAt, secondsLeft } = await context.jobs.estimate(job)
      return reply.code(202).send({
        message: 'Job is still in progress!',
        estimated_time_completion: yearFirst(doneAt),
        seconds_to_completion: Math.max(0, secondsLeft),
      })
    },
  })
}

// Without the stack, which tells of the daemon's files.
function errorOf(job: JobView, fallback: string) {
  if (job.error === null) return { name: 'Error', message: fallback }
  const { name, message, code } = job.error
  return { name, message, ...(code !== undefined && { code }) }
}

/**
 * What `POST /api` does with a body that is no array. The job is given the body if it declares an input schema and the
 * body is an object that fits it; else it is given nothing, since the request then only says "run".
 */
export function workSubmission(context: HttpContext) {
  const { job } = context.config.work
  const definition = job === null ? undefined : context.jobs.definitions.get(job)
  const check = new InputCheck(definition === undefined ? [] : [definition])
  const takesInput = definition !== undefined && definition.input !== null

  return async (body: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (job === null) {
      const message =
        'No job is configured for POST /api: name one of the jobs as work.job in the configuration.'
      throw new HttpProblem(503, 'ERR_NOT_CONFIGURED', message)
    }
    const input =
      takesInput && isJsonObject(body) && check.problem(job, body) === undefined ? body : undefined
    const idempotency = idempotencyOf(request, [job, body ?? null])
    const { jobs } = await context.jobs.submit([{ name: job, source: 'work', input }], idempotency)
    const { id } = jobs[0]!
    const status_url = `${request.protocol}://${request.host}/api?id=${id}`
    return reply.code(202).send({ id, status_url })
  }
}
