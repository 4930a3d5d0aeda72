import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'
import { accessCheck, accessNeededBy } from './access.js'
import { type BoundedServer, createBoundedServer } from './bounded-server.js'
import { answerError } from './error-answers.js'
import { health } from './health.js'
import { HttpProblem, ProblemAnswer } from './http-problem.js'
import type { HttpContext, HttpService } from './http-service.js'
import { takeJsonBodies } from './json-body.js'
import { KnownMethods } from './known-methods.js'
import { describeApi } from './openapi.js'
import { RequestLog } from './request-log.js'
import { describeMismatch, requestSchemaCompiler } from './schema-check.js'
import { v1 } from './v1/v1.js'

/** Longer than the headers of a request may be, so that a service answers to every id in its own words. */
const LONGEST_PARAMETER = 65_536

const HEADERS = {
  // Whatever a request had in it stands in an answer as text, and is never taken for a page or a script.
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * The daemon's HTTP server, ready to listen: health, the description, /v1 and the services that are given.
 *
 * @param services each gets a scope of its own, for hooks, parsers and error answers that concern nobody else
 */
export async function createServer(
  context: HttpContext,
  services: readonly HttpService[],
): Promise<FastifyInstance> {
  const { config, log } = context
  let bounded: BoundedServer | undefined
  let port: number | undefined
  const accessProblem = accessCheck(config, () => port)
  const app = fastify({
    loggerInstance: log,
    logController: new RequestLog(),
    bodyLimit: config.limits.body,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    serverFactory: handler => {
      bounded = createBoundedServer(handler, config.limits)
      const { server } = bounded
      server.once('listening', () => {
        port = portOf(server.address())
      })
      return server
    },
    clientErrorHandler: (error, socket) => bounded?.answerClientError(error, socket),
    // Also for what is no route at all, where no hook has run.
    frameworkErrors: (error, request, reply) => {
      reply.headers(HEADERS)
      answerError(accessProblem(request.raw, 'read') ?? error, request, reply)
    },
    schemaController: { compilersFactory: { buildValidator: requestSchemaCompiler } },
    schemaErrorFormatter: describeMismatch,
    // Those who still ask while the server closes get an answer of the usual form, from the service.
    return503OnClosing: false,
  })

  app.addHook('preClose', done => {
    bounded?.windUp()
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS)
    // Before the body is read, and before anything is told of what there is.
    const problem = accessProblem(request.raw, accessNeededBy(request)) ?? expectationProblem(request.raw)
    done(problem ?? (request.is404 ? notFound() : undefined))
  })
  app.setNotFoundHandler(() => {
    throw notFound()
  })
  app.setErrorHandler(answerError)
  app.addSchema(ProblemAnswer)
  takeJsonBodies(app, config.limits.depth)

  const methods = new KnownMethods()
  methods.watch(app)
  await describeApi(app)
  for (const service of [health, v1, ...services]) {
    app.register(async scope => service(scope, context))
  }
  await app.after()
  methods.refuseOthers(app)
  await app.ready()
  return app
}

function portOf(address: AddressInfo | string | null | undefined): number | undefined {
  return typeof address === 'object' && address !== null ? address.port : undefined
}

/** Node sees to `100-continue` itself. */
function expectationProblem({ headers }: IncomingMessage): HttpProblem | undefined {
  if (headers.expect === undefined || /\b100-continue\b/i.test(headers.expect)) return undefined
  return new HttpProblem(417, 'ERR_EXPECTATION', 'Of the header Expect only 100-continue is known.')
}

function notFound(): HttpProblem {
  return new HttpProblem(
    404,
    'ERR_NOT_FOUND',
    'There is nothing at this path; /openapi.json lists what there is.',
  )
}
