import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { InputCheck } from '../../jobs/input-check.js'
import type { JobState } from '../../jobs/job.js'
import { HttpProblem } from '../http-problem.js'
import type { HttpContext, HttpService } from '../http-service.js'
import { describedOnly, messageAnswer } from './answer-schemas.js'
import { idempotencyOf } from './idempotency-key.js'
import { idOfToken, tokenOf } from './job-ids.js'
import { isJsonObject } from './json-object.js'

export const Batch = Type.Array(
  Type.Object({ item: Type.String(), valor: Type.Number({ minimum: 0, description: 'What it costs.' }) }),
  { description: 'A job for each item.' },
)

export const BatchAnswer = Type.Object(
  {
    message: Type.String(),
    processing_items: Type.Array(
      Type.Object({
        hash: Type.String({ description: '32 hexadecimal digits for GET /check, or INVALID_JOB_REQUEST.' }),
        index: Type.Integer({ minimum: 0 }),
        item: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      }),
    ),
  },
  { description: 'The items in the order in which they were given.' },
)

const PROGRESS: Readonly<Record<JobState, string>> = {
  scheduled: 'Em processamento',
  queued: 'Em processamento',
  running: 'Em processamento',
  succeeded: 'Finalizado',
  failed: 'Falhou',
  timed_out: 'Falhou',
  cancelled: 'Cancelado',
}

/** `GET /check/<token>`: how the job of an item does. */
export const queueTool: HttpService = (app, context) => {
  app.get<{ Params: { readonly token: string } }>('/check/:token', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'How the job of an item does.',
      tags: ['queue'],
      params: Type.Object({ token: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
      response: { 200: messageAnswer('How it does.'), 404: messageAnswer('No job has this token.') },
    },
    handler: async (request, reply) => {
      const id = idOfToken(request.params.token)
      const job = id === undefined ? undefined : await context.jobs.get(id)
      if (job === undefined) return reply.code(404).send({ message: 'Job not found' })
      return reply.send({ message: PROGRESS[job.state] })
    },
  })
}

/** What `POST /api` does with an array: all of its valid items are accepted in one call, or none. */
export function batchSubmission(context: HttpContext) {
  const { job, batch } = context.config.queue
  const definition = job === null ? undefined : context.jobs.definitions.get(job)
  const check = new InputCheck(definition === undefined ? [] : [definition])

  return async (
    items: readonly unknown[],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    if (job === null) {
      const message =
        'No job is configured for batches: name one of the jobs as queue.job in the configuration.'
      throw new HttpProblem(503, 'ERR_NOT_CONFIGURED', message)
    }
    if (items.length > batch) {
      const message = `A batch may have ${batch} items at most, and this one has ${items.length}: send it in parts.`
      throw new HttpProblem(413, 'ERR_BATCH_TOO_LARGE', message)
    }
    const fitting = items.map(item => isValid(item) && check.problem(job, item) === undefined)
    const valid = items.filter((_item, index) => fitting[index])
    // The valid items take part in the meaning: a new schema must not give old ids to other items.
    const idempotency = idempotencyOf(request, [job, items, valid])
    const requests = valid.map(input => ({ name: job, source: 'queue' as const, input }))
    const { jobs } = await context.jobs.submit(requests, idempotency)

    const ids = jobs.values()
    const processing_items = items.map((item, index) => ({
      hash: fitting[index] ? tokenOf(ids.next().value!.id) : 'INVALID_JOB_REQUEST',
      index,
      item: textOf(item),
    }))
    return reply.send({ message: 'Itens recebidos para processamento', processing_items })
  }
}

function isValid(item: unknown): boolean {
  if (!isJsonObject(item)) return false
  const { item: name, valor } = item
  return typeof name === 'string' && typeof valor === 'number' && Number.isFinite(valor) && valor >= 0
}

function textOf(item: unknown): string | null {
  return isJsonObject(item) && typeof item.item === 'string' ? item.item : null
}
