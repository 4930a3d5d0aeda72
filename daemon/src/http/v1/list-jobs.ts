import { type Static, Type } from '@sinclair/typebox'
import { HttpProblem } from '../http-problem.js'
import type { HttpService } from '../http-service.js'
import { JOB, jobAnswer, problems, StateName } from './job-answer.js'

const Filter = Type.Object(
  {
    state: Type.Optional(
      Type.Array(StateName, { maxItems: 20, description: 'Repeat it for jobs in any of several states.' }),
    ),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    lane: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100.' })),
    after: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{1,200}$',
        description: 'As the next link of the page before has it.',
      }),
    ),
    order: Type.Optional(
      Type.Unsafe<'newest' | 'oldest'>({
        type: 'string',
        enum: ['newest', 'oldest'],
        description: 'Which come first, by arrival. Default newest.',
      }),
    ),
  },
  { additionalProperties: false },
)

const Page = Type.Object(
  {
    jobs: Type.Array(Type.Ref(JOB)),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Where the next page is; null on the last one. Also in the Link header.',
    }),
  },
  { description: 'A page of jobs.' },
)

/** `GET /v1/jobs`. */
export const listJobs: HttpService = (app, { jobs }) => {
  app.get<{ Querystring: Static<typeof Filter> }>('/v1/jobs', {
    schema: {
      operationId: 'listJobs',
      summary: 'Lists jobs, page by page.',
      tags: ['jobs'],
      querystring: Filter,
      response: { 200: Page, ...problems({ 400: 'A filter is unknown or malformed.' }) },
    },
    handler: async (request, reply) => {
      const { state, name, lane, limit = 100, after, order = 'newest' } = request.query
      const asked = {
        limit,
        order,
        ...(state !== undefined && state.length > 0 && { states: state }),
        ...(name !== undefined && { name }),
        ...(lane !== undefined && { lane }),
        ...(after !== undefined && { after }),
      }
      const page = await jobs.list(asked).catch(refuseCursor)
      const next = page.next === null ? null : linkTo(request.query, page.next)
      if (next !== null) reply.header('link', `<${next}>; rel="next"`)
      return reply.send({ jobs: page.jobs.map(jobAnswer), next })
    },
  })
}

/** What the store cannot read of a query is the one thing in it that only the store knows the form of. */
function refuseCursor(error: unknown): never {
  if (!(error instanceof RangeError)) throw error
  const message =
    'query.after must be as the next link of the page before has it; leave it out for the first page'
  throw new HttpProblem(400, 'ERR_REQUEST', message)
}

function linkTo(filter: Static<typeof Filter>, after: string): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...filter, after })) {
    for (const each of [value].flat()) query.append(name, `${each}`)
  }
  return `/v1/jobs?${query}`
}
