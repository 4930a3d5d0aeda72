import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HttpService } from '#daemon/http/http-service.js'
import { JobServiceError } from '#daemon/jobs/job-service.js'
import { StoreError } from '#daemon/store/store-error.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: answers of the server itself')

const UNKNOWN_ID = '0b9f2c1e-8a54-4c7e-9d3f-6a1b2c3d4e5f'

/** Routes of two shapes, in a scope of their own, with errors of every kind. */
const sample: HttpService = app => {
  app.get('/thing/:name', async () => 'thing')
  app.post('/thing/:key/part', async () => 'part')
  app.put('/thing/:key', async () => 'put')
  app.get('/throws', async () => {
    throw new Error('secret of the daemon')
  })
  app.get('/throws-text', () => Promise.reject('secret of the daemon'))
}

let server: ScriptedServer

test.before(async () => {
  server = await scriptedServer({ services: [sample] })
})

test.after.each(() => {
  server.jobs.trouble = undefined
})

test.after(() => server.app.close())

test('a path that does not exist is 404, whatever the method and the body', async () => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    const payload =
      method === 'GET' || method === 'HEAD' ? {} : { payload: '{', headers: { 'content-type': 'a/b' } }
    const answer = await server.app.inject({ method, url: '/nowhere', ...payload })
    assert.is(answer.statusCode, 404, method)
    if (method !== 'HEAD') assert.is(answer.json().error.code, 'ERR_NOT_FOUND')
  }
})

test('a method that a path does not have is 405, with those it has', async () => {
  for (const [method, url, allow] of [
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/healthz', 'GET, HEAD'],
    ['PUT', '/v1/jobs', 'GET, HEAD, POST'],
    ['DELETE', `/v1/jobs/${UNKNOWN_ID}`, 'GET, HEAD'],
    ['GET', `/v1/jobs/${UNKNOWN_ID}/cancel`, 'POST'],
    ['HEAD', `/v1/jobs/${UNKNOWN_ID}/cancel`, 'POST'],
    ['PATCH', '/thing/a', 'GET, HEAD, PUT'],
    ['GET', '/thing/a/part', 'POST'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['TRACE', '/healthz', 'GET, HEAD'],
    ['PROPFIND', '/v1/jobs', 'GET, HEAD, POST'],
  ] as const) {
    const payload =
      method === 'GET' || method === 'HEAD' ? {} : { payload: '{', headers: { 'content-type': 'a/b' } }
    const answer = await server.app.inject({ method: method as 'GET', url, ...payload })
    assert.is(answer.statusCode, 405, `${method} ${url}`)
    assert.is(answer.headers.allow, allow, `${method} ${url}`)
  }
})

test('HEAD is answered as GET is, without a body', async () => {
  for (const url of ['/healthz', '/v1/jobs', '/thing/a']) {
    const got = await server.app.inject({ url })
    const head = await server.app.inject({ method: 'HEAD', url })
    assert.is(head.statusCode, got.statusCode)
    assert.is(head.body, '')
    assert.is(head.headers['content-length'], got.headers['content-length'])
  }
})

const ODD_IDS = [
  '%2e%2e%2f',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  'a'.repeat(10_000),
  '%F0%9F%92%A9',
  "1'%20OR%20'1'='1",
  '%22;DROP%20TABLE%20jobs;--',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  UNKNOWN_ID.toUpperCase(),
  ` ${UNKNOWN_ID}`.replace(' ', '%20'),
  'constructor',
  '__proto__',
]

test('ids that can be none are refused as text', async () => {
  for (const id of ODD_IDS) {
    for (const url of [`/v1/jobs/${id}`, `/v1/jobs/${id}/result`, `/v1/jobs?after=${id}`, `/nowhere/${id}`]) {
      const answer = await server.app.inject({ url })
      const isFine =
        answer.statusCode === 400 ||
        answer.statusCode === 404 ||
        (url.includes('?') && answer.statusCode === 200)
      assert.ok(isFine, `${answer.statusCode} for ${url.slice(0, 80)}`)
      assert.match(`${answer.headers['content-type']}`, /^application\/json/)
      assert.is(answer.headers['x-content-type-options'], 'nosniff')
      assert.not(answer.body.includes('<script'))
    }
  }
})

test('a malformed URL is a bad request, and is answered as all else', async () => {
  for (const url of ['/v1/jobs/%zz', '/%', '/v1/jobs/%E0%A4', '/healthz/%ff']) {
    const answer = await server.app.inject({ url })
    assert.is(answer.statusCode, 400, url)
    assert.is(answer.json().error.code, 'ERR_URL_MALFORMED')
    assert.is(answer.headers['x-content-type-options'], 'nosniff')
  }
})

test('every answer says that it is not to be sniffed or kept', async () => {
  for (const url of ['/healthz', '/nowhere', '/v1/jobs', '/throws', '/%zz', '/thing/a']) {
    const { headers } = await server.app.inject({ url })
    assert.is(headers['x-content-type-options'], 'nosniff', url)
    assert.is(headers['cache-control'], 'no-store', url)
  }
})

test('an unexpected error is 500, told to the log and not to the client', async () => {
  for (const url of ['/throws', '/throws-text']) {
    const answer = await server.app.inject({ url })
    assert.is(answer.statusCode, 500)
    assert.is(answer.json().error.code, 'ERR_INTERNAL')
    assert.not(answer.body.includes('secret'))
    assert.not(answer.body.includes('.ts'))
  }
  const told = server.logged.filter(line => JSON.stringify(line).includes('secret of the daemon'))
  assert.ok(told.some(line => line.level === 50 && line.msg === 'request failed'))
})

test('what the job service refuses has its status', async () => {
  const statuses = {
    ERR_JOB_UNKNOWN: 400,
    ERR_LANE_UNKNOWN: 400,
    ERR_JOB_INPUT: 400,
    ERR_KEY_REUSED: 409,
    ERR_SHUTTING_DOWN: 503,
  } as const
  for (const [code, status] of Object.entries(statuses)) {
    server.jobs.trouble = new JobServiceError(code as keyof typeof statuses, 'what is the matter')
    const answer = await server.app.inject({ method: 'POST', url: '/v1/jobs', payload: { name: 'report' } })
    assert.is(answer.statusCode, status, code)
    assert.equal(answer.json(), {
      message: 'what is the matter',
      error: { code, message: 'what is the matter' },
    })
    assert.is(answer.headers.connection === 'close', code === 'ERR_SHUTTING_DOWN', code)
  }
})

test('while the store is unavailable all is 503, to be tried again', async () => {
  server.jobs.trouble = new StoreError('unavailable', 'disk full: /a/secret/path')
  for (const [method, url] of [
    ['POST', '/v1/jobs'],
    ['GET', '/v1/jobs'],
    ['GET', `/v1/jobs/${UNKNOWN_ID}`],
    ['POST', `/v1/jobs/${UNKNOWN_ID}/cancel`],
  ] as const) {
    const payload = method === 'POST' && url === '/v1/jobs' ? { payload: { name: 'report' } } : {}
    const answer = await server.app.inject({ method, url, ...payload })
    assert.is(answer.statusCode, 503)
    assert.is(answer.headers['retry-after'], '1')
    assert.is(answer.json().error.code, 'ERR_STORE_UNAVAILABLE')
    assert.not(answer.body.includes('secret'))
  }
  server.jobs.trouble = new StoreError('damaged', 'page 7')
  assert.is((await server.app.inject({ url: '/v1/jobs' })).statusCode, 500)
})

test('requests are logged at debug level, without what may be secret', async () => {
  await server.app.inject({ url: '/healthz?key=hidden', headers: { authorization: 'Bearer hidden' } })
  const lines = server.logged.filter(line => line.path === '/healthz')
  assert.ok(lines.length > 0)
  for (const line of lines) assert.is(line.level, 20)
  assert.not(JSON.stringify(server.logged).includes('hidden'))
})

test.run()
