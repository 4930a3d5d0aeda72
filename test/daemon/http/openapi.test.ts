import { Ajv } from 'ajv'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HttpService } from '#daemon/http/http-service.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: the description')

/** As a service may be that says little of its routes. */
const terse: HttpService = app => {
  app.get('/terse/:id', async () => 'terse')
  app.route({
    url: '/both',
    method: ['GET', 'POST'],
    schema: {},
    handler: async () => 'both',
  })
}

type Json = Readonly<Record<string, unknown>>
interface Operation extends Json {
  readonly operationId: string
  readonly responses: Readonly<Record<string, Json>>
}

/** The rules of OpenAPI 3.1 that concern what is used here. */
const DOCUMENT = {
  type: 'object',
  required: ['openapi', 'info', 'paths', 'components'],
  additionalProperties: false,
  properties: {
    openapi: { const: '3.1.0' },
    info: { type: 'object', required: ['title', 'version'] },
    security: { $ref: '#/$defs/security' },
    components: {
      type: 'object',
      properties: {
        schemas: { type: 'object', propertyNames: { pattern: '^[a-zA-Z0-9._-]+$' } },
        securitySchemes: { type: 'object', additionalProperties: { type: 'object', required: ['type'] } },
      },
    },
    paths: {
      type: 'object',
      propertyNames: { pattern: '^/' },
      additionalProperties: {
        type: 'object',
        propertyNames: { enum: ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] },
        additionalProperties: { $ref: '#/$defs/operation' },
      },
    },
  },
  $defs: {
    security: { type: 'array', items: { type: 'object', additionalProperties: { type: 'array' } } },
    operation: {
      type: 'object',
      required: ['operationId', 'responses'],
      additionalProperties: false,
      properties: {
        operationId: { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' },
        summary: { type: 'string' },
        description: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        security: { $ref: '#/$defs/security' },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'in', 'schema'],
            properties: { in: { enum: ['path', 'query', 'header'] }, required: { type: 'boolean' } },
            if: { properties: { in: { const: 'path' } } },
            // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
            then: { properties: { required: { const: true } }, required: ['required'] },
          },
        },
        requestBody: { type: 'object', required: ['content'] },
        responses: {
          type: 'object',
          minProperties: 1,
          propertyNames: { pattern: '^([1-5][0-9]{2}|default)$' },
          additionalProperties: {
            type: 'object',
            required: ['description'],
            additionalProperties: false,
            properties: {
              description: { type: 'string', minLength: 1 },
              headers: { type: 'object' },
              content: { type: 'object', additionalProperties: { type: 'object', required: ['schema'] } },
            },
          },
        },
      },
    },
  },
}

let server: ScriptedServer
let document: Json
let operations: readonly { readonly path: string; readonly method: string; readonly operation: Operation }[]
const routes: string[] = []

test.before(async () => {
  const noting: HttpService = app => {
    app.addHook('onRoute', ({ url, method }) => {
      for (const each of [method].flat()) if (each !== 'HEAD') routes.push(`${each.toLowerCase()} ${url}`)
    })
    terse(app, { ...context })
  }
  const context = {} as Parameters<HttpService>[1]
  server = await scriptedServer({ services: [noting] })
  document = (await server.app.inject({ url: '/openapi.json' })).json()
  operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
})

test.after(() => server.app.close())

test('it keeps to the form of OpenAPI 3.1', () => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  assert.ok(ajv.validate(DOCUMENT, document), ajv.errorsText())
})

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(match => match[1]!)
  assert.ok(references.length > 10)
  for (const reference of new Set(references)) {
    let target: unknown = document
    assert.match(reference, /^#\//)
    for (const part of reference.slice(2).split('/')) target = (target as Json)[part]
    assert.type(target, 'object', reference)
  }
})

test('every operation has a name of its own and an answer that is no error', () => {
  const names = operations.map(({ operation }) => operation.operationId)
  assert.is(new Set(names).size, names.length, names.join())
  for (const { operation } of operations) {
    const statuses = Object.keys(operation.responses)
    assert.ok(
      statuses.some(status => status.startsWith('2')),
      operation.operationId,
    )
    assert.ok(statuses.includes('403') && statuses.includes('500'), operation.operationId)
  }
})

test('it has every route, those of the services too', () => {
  const described = operations.map(({ path, method }) => `${method} ${path}`)
  const own = [
    'get /healthz',
    'get /readyz',
    'get /openapi.json',
    'get /v1/jobs',
    'post /v1/jobs',
    'get /v1/jobs/{id}',
    'get /v1/jobs/{id}/result',
    'get /v1/jobs/{id}/log',
    'get /v1/jobs/{id}/estimate',
    'post /v1/jobs/{id}/cancel',
    'post /v1/jobs/{id}/retry',
    'get /v1/definitions',
  ]
  const others = routes.map(route => route.replaceAll(/:(\w+)/g, '{$1}'))
  assert.ok(others.length >= 3, 'the routes of a service were seen')
  assert.equal([...described].sort(), [...own, ...others].sort())
})

test('the parameters of every path are described', () => {
  for (const { path, operation } of operations.filter(({ path }) => path.startsWith('/v1'))) {
    const described = ((operation.parameters ?? []) as readonly Json[]).filter(one => one.in === 'path')
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1])
    assert.equal(
      described.map(one => one.name),
      named,
      path,
    )
  }
})

test('only what needs no token says that it needs none', () => {
  assert.equal(document.security, [{ bearer: [] }])
  const open = operations.filter(
    ({ operation }) => Array.isArray(operation.security) && operation.security.length === 0,
  )
  assert.equal(
    open.map(({ path }) => path),
    ['/healthz'],
  )
})

test('the answers that are given fit what is described', async () => {
  const ajv = new Ajv({ strict: false, formats: { uuid: true, 'date-time': true } })
  ajv.addSchema({ $id: 'api', ...document })
  const job = await server.app.inject({ method: 'POST', url: '/v1/jobs', payload: { name: 'report' } })
  const { id } = job.json()
  for (const [method, url, path] of [
    ['GET', `/v1/jobs/${id}`, '/v1/jobs/{id}'],
    ['GET', '/v1/jobs', '/v1/jobs'],
    ['GET', `/v1/jobs/${id}/estimate`, '/v1/jobs/{id}/estimate'],
    ['GET', `/v1/jobs/${id}/result`, '/v1/jobs/{id}/result'],
    ['GET', '/v1/definitions', '/v1/definitions'],
    ['GET', '/readyz', '/readyz'],
    ['GET', '/v1/jobs/none', '/v1/jobs/{id}'],
    ['POST', `/v1/jobs/${id}/cancel`, '/v1/jobs/{id}/cancel'],
    ['POST', `/v1/jobs/${id}/cancel`, '/v1/jobs/{id}/cancel'],
  ] as const) {
    const answer = await server.app.inject({ method, url })
    const pointer = ['paths', path, method.toLowerCase(), 'responses', `${answer.statusCode}`]
      .concat('content', 'application/json', 'schema')
      .map(part => encodeURIComponent(part.replaceAll('/', '~1')))
    const validate = ajv.compile({ $ref: `api#/${pointer.join('/')}` })
    assert.ok(
      validate(answer.json()),
      `${method} ${path} ${answer.statusCode}: ${ajv.errorsText(validate.errors)}`,
    )
  }
})

test.run()
