import { readFileSync } from 'node:fs'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { PROBLEM } from './http-problem.js'

/** Answers that come from the server itself, before a route has its say. */
const SERVER_ANSWERS: Readonly<Record<string, string>> = {
  401: 'A token is needed, and none or a wrong one was sent.',
  403: 'From another site, under another host name, or with a token that allows reading only.',
  408: 'The request did not arrive in time.',
  500: 'Something went wrong in the daemon.',
  503: 'Jobs cannot be kept just now, or the daemon is shutting down. Send the request again.',
}

type Json = Record<string, unknown>

/** Collects the routes that are added from now on into an OpenAPI 3.1 document, served at `/openapi.json`. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'multilaned',
        version: ownVersion(),
        description: 'A job daemon: jobs are accepted durably and run on prioritized lanes of threads.',
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'The read token for what only reads, the write token for everything.',
          },
        },
      },
      security: [{ bearer: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, count) => `${json.$id ?? `Schema${count}`}`,
    },
    transformObject: document => {
      if (!('openapiObject' in document)) throw new TypeError('the document is not OpenAPI 3')
      return completed(document.openapiObject as Json)
    },
  })

  app.get('/openapi.json', {
    schema: {
      operationId: 'getOpenApi',
      summary: 'This description.',
      tags: ['description'],
      response: {
        200: { description: 'An OpenAPI 3.1 document.', type: 'object', additionalProperties: true },
      },
    },
    handler: async (_request, reply) => reply.type('application/json').send(JSON.stringify(app.swagger())),
  })
}

/** Gives each operation a name of its own, and the answers that all have. */
function completed(document: Json): Json {
  const taken = new Set<unknown>()
  const paths = Object.entries(document.paths as Record<string, Record<string, Json>>).map(([path, item]) => {
    const operations = Object.entries(item).map(([method, operation]) => {
      const { operationId: given = nameOf(method, path), responses, ...rest } = operation
      const operationId = taken.has(given) ? nameOf(method, path) : given
      taken.add(operationId)
      return [
        method,
        { operationId, ...rest, responses: { ...serverAnswers(operation), ...(responses as Json) } },
      ]
    })
    return [path, Object.fromEntries(operations)]
  })
  return { ...document, paths: Object.fromEntries(paths) }
}

function nameOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter(word => word !== '')
  return [method, ...words.map(word => `${word[0]!.toUpperCase()}${word.slice(1)}`)].join('')
}

function serverAnswers(operation: Json): Json {
  const isOpen = Array.isArray(operation.security) && operation.security.length === 0
  const answers = Object.entries(SERVER_ANSWERS).filter(
    ([status]) => !isOpen || (status !== '401' && status !== '503'),
  )
  return Object.fromEntries(
    answers.map(([status, description]) => [
      status,
      {
        description,
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${PROBLEM}` } } },
      },
    ]),
  )
}

function ownVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}
