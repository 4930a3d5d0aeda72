import { Type } from '@sinclair/typebox'
import type { HttpService } from '../http-service.js'

const Definitions = Type.Object(
  {
    jobs: Type.Array(
      Type.Object({
        name: Type.String(),
        lane: Type.String(),
        priority: Type.Integer(),
        kind: Type.Unsafe<'task' | 'shell'>({ type: 'string', enum: ['task', 'shell'] }),
        timeout: Type.Union([Type.Number(), Type.Null()], {
          description: 'The longest an attempt may run, in milliseconds; null for ever.',
        }),
        retries: Type.Integer({ description: 'How often it is tried again when it fails.' }),
        expected: Type.Number({
          description: 'How long it is expected to take while nothing is known of its past, in milliseconds.',
        }),
        input: Type.Unsafe<Readonly<Record<string, unknown>> | null>({
          type: ['object', 'null'],
          additionalProperties: true,
          description: 'The JSON Schema (draft 7) of its input; null takes any.',
        }),
      }),
    ),
    lanes: Type.Array(Type.Object({ name: Type.String() })),
  },
  { description: 'The jobs and lanes of the configuration.' },
)

/** `GET /v1/definitions`: what can be submitted, and to which lanes. What a job runs is not told. */
export const listDefinitions: HttpService = (app, { config, jobs }) => {
  app.get('/v1/definitions', {
    schema: {
      operationId: 'listDefinitions',
      summary: 'Lists the jobs that can be submitted, and the lanes.',
      tags: ['description'],
      response: { 200: Definitions },
    },
    handler: async () => ({
      jobs: Array.from(jobs.definitions.values(), job => ({
        name: job.name,
        lane: job.lane,
        priority: job.priority,
        kind: job.work.kind,
        timeout: job.timeout,
        retries: job.retries.limit,
        expected: job.expected,
        input: job.input,
      })),
      lanes: Object.keys(config.lanes).map(name => ({ name })),
    }),
  })
}
