import { Type } from '@sinclair/typebox'
import { JobServiceError } from '../jobs/job-service.js'
import { StoreError } from '../store/store-error.js'
import type { HttpService } from './http-service.js'

const Alive = Type.Object({ status: Type.Literal('ok') }, { description: 'The daemon answers.' })
const Ready = Type.Object({ status: Type.Literal('ready') }, { description: 'Jobs are accepted.' })
const NotReady = Type.Object(
  { status: Type.Literal('not ready'), reason: Type.String() },
  { description: 'Jobs are not accepted just now.' },
)

/**
 * `GET /healthz` answers while the process does, to anyone; `GET /readyz` tells whether jobs can be accepted, and if
 * not, why.
 */
export const health: HttpService = (app, { jobs }) => {
  app.get('/healthz', {
    config: { access: 'open' },
    schema: {
      operationId: 'getHealth',
      summary: 'Whether the daemon is alive. Needs no token.',
      tags: ['health'],
      security: [],
      response: { 200: Alive },
    },
    handler: async () => ({ status: 'ok' as const }),
  })

  app.get('/readyz', {
    schema: {
      operationId: 'getReadiness',
      summary: 'Whether jobs can be accepted.',
      tags: ['health'],
      response: { 200: Ready, 503: NotReady },
    },
    handler: async (request, reply) => {
      try {
        await jobs.probe()
      } catch (error) {
        request.log.debug({ err: error }, 'not ready')
        return reply.code(503).send({ status: 'not ready', reason: reasonOf(error) })
      }
      return reply.send({ status: 'ready' })
    },
  })
}

function reasonOf(error: unknown): string {
  const isTold = error instanceof StoreError || error instanceof JobServiceError
  return isTold ? error.message : 'Something is wrong in the daemon; its log tells what.'
}
