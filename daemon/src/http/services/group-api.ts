import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JobView } from '../../jobs/job-service.js'
import type { HttpContext, HttpService } from '../http-service.js'
import { describedOnly, IdempotencyHeader, problemAnswer, textAnswer, wordAnswer } from './answer-schemas.js'
import { idempotencyOf } from './idempotency-key.js'
import { isJobId } from './job-ids.js'
import { pythonList } from './python-repr.js'

const PLAIN_TEXT = 'text/plain; charset=utf-8'

const Triggered = Type.Object(
  { 'Check job status at': Type.Array(Type.String()) },
  { description: 'All of its jobs will run; one path for each, in the order of the configuration.' },
)

const STATES = ['PENDING', 'STARTED', 'SUCCESS', 'FAILURE', 'RETRY', 'REVOKED'] as const

type State = (typeof STATES)[number]

const Status = Type.Object(
  { state: wordAnswer(STATES), task_id: Type.String({ format: 'uuid' }) },
  { description: 'How the job does.' },
)

/** `GET` and `POST /group/<name>` start all jobs of a group; `GET /status/<id>` tells how one of them does. */
export const groupApi: HttpService = (app, context) => {
  const trigger = groupTrigger(context)

  for (const method of ['GET', 'POST'] as const) {
    app.route<{ Params: { readonly name: string } }>({
      method,
      url: '/group/:name',
      // A HEAD request would run the handler of GET, and so the jobs.
      exposeHeadRoute: false,
      config: { access: 'write' },
      validatorCompiler: describedOnly,
      schema: {
        summary: 'Runs all jobs of a group.',
        tags: ['group'],
        params: Type.Object({ name: Type.String() }),
        headers: IdempotencyHeader,
        response: {
          202: Triggered,
          400: textAnswer('No such group, or one without jobs or with jobs that are not defined.'),
          409: problemAnswer('The idempotency key was used for another request.'),
          503: problemAnswer('Jobs cannot be kept just now.'),
        },
      },
      handler: (request, reply) => trigger(request.params.name, request, reply),
    })
  }

  app.get<{ Params: { readonly id: string } }>('/status/:id', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'How a job does.',
      tags: ['group'],
      params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
      response: { 200: Status, 400: textAnswer('No job has this id.') },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const job = isJobId(id) ? await context.jobs.get(id) : undefined
      if (job === undefined) return refuse(reply, `Job with given id doesn't exists : ${id}`)
      return reply.send({ state: shownState(job), task_id: id })
    },
  })
}

function groupTrigger(context: HttpContext) {
  const { groups } = context.config
  const { definitions } = context.jobs

  return async (name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const names = groups.get(name)
    if (names === undefined) return refuse(reply, `Group with given id doesn't exists : ${name}`)
    if (names.length === 0) return refuse(reply, 'Group with given jobs do not exists : No Jobs Configured')
    const missing = names.filter(job => !definitions.has(job))
    if (missing.length > 0) {
      return refuse(reply, `Group with given jobs do not exists : ${pythonList(missing)}`)
    }
    const requests = names.map(job => ({ name: job, source: 'group' as const }))
    const { jobs } = await context.jobs.submit(requests, idempotencyOf(request, names))
    return reply.code(202).send({ 'Check job status at': jobs.map(job => `/status/${job.id}`) })
  }
}

function refuse(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(400).type(PLAIN_TEXT).send(text)
}

function shownState(job: JobView): State {
  switch (job.state) {
    case 'scheduled':
    case 'queued':
      return job.attempt === 0 ? 'PENDING' : 'RETRY'
    case 'running':
      return 'STARTED'
    case 'succeeded':
      return 'SUCCESS'
    case 'failed':
    case 'timed_out':
      return 'FAILURE'
    case 'cancelled':
      return 'REVOKED'
  }
}
