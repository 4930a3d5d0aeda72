import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HttpService } from '#daemon/http/http-service.js'
import { isDeeperThan } from '#daemon/http/json-body.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: bodies')

const echo: HttpService = app => {
  app.post('/echo', async request => ({ body: request.body === undefined ? 'nothing' : request.body }))
}

const LIMITS = { body: 2_000_000, depth: 32, request: 5000, connections: 10 }
let server: ScriptedServer

test.before(async () => {
  server = await scriptedServer({ services: [echo], config: { limits: LIMITS } })
})

test.after(() => server.app.close())

/** @param type null for none */
function post(payload: string | Buffer, type: string | null = 'application/json') {
  const headers = type === null ? {} : { 'content-type': type }
  return server.app.inject({ method: 'POST', url: '/echo', payload, headers })
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test('the depth of any JSON value is measured rightly', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 6 }), (value, depth) => {
      assert.is(isDeeperThan(JSON.stringify(value), depth), depthOf(value) > depth)
    }),
  )
})

test('brackets within texts, and escapes, do not count', () => {
  assert.not(isDeeperThan(String.raw`["[[[[", "\"[[[", "\\", {"[{":"{"}]`, 2))
  assert.ok(isDeeperThan(String.raw`["\\", [[1]]]`, 2))
})

test('JSON arrives, also of a kind of its own and with a charset', async () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/problem+json',
  ]) {
    const answer = await post('{"a":["ü"]}', type)
    assert.is(answer.statusCode, 200, type)
    assert.equal(answer.json(), { body: { a: ['ü'] } })
  }
})

test('an empty body is none, whatever it is said to be', async () => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', null]) {
    const answer = await post('', type)
    assert.is(answer.statusCode, 200, `${type}`)
    assert.equal(answer.json(), { body: 'nothing' })
  }
})

test('a body that is not JSON is refused unread', async () => {
  for (const type of [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/json',
    'application/xml',
    'application/octet-stream',
    'application/jsonx',
    'nonsense',
  ]) {
    const answer = await post('a=1', type)
    assert.is(answer.statusCode, 415, type)
    assert.is(typeof answer.json().error.code, 'string')
  }
  assert.is((await post(Buffer.from('{"a":1}'), null)).statusCode, 415)
})

test('malformed JSON is a bad request', async () => {
  for (const text of ['{', '[1,]', '{"a":}', 'NaN', "{'a':1}", '{"a":1}}', '\u0000', ' ']) {
    const answer = await post(text)
    assert.is(answer.statusCode, 400, text)
    assert.is(answer.json().error.code, 'ERR_BODY_MALFORMED')
  }
})

test('fields that would reach a prototype are refused, where they could', async () => {
  for (const text of [
    '{"__proto__":{"admin":true}}',
    String.raw`{"\u005f_proto__":{"admin":true}}`,
    '[{"a":{"__proto__":1}}]',
    '{"constructor":{"prototype":{"admin":true}}}',
  ]) {
    assert.is((await post(text)).statusCode, 400, text)
  }
  assert.equal((await post('{"constructor":"Smith & Sons"}')).json(), {
    body: { constructor: 'Smith & Sons' },
  })
})

test('32 levels are taken, 33 are not, and a megabyte of brackets is refused', async () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.is((await post(nested(32))).statusCode, 200)
  for (const text of [nested(33), '{"a":'.repeat(33), '['.repeat(1_000_000), '[{"a":'.repeat(200_000)]) {
    const answer = await post(text)
    assert.is(answer.statusCode, 400)
    assert.is(answer.json().error.code, 'ERR_BODY_TOO_DEEP')
  }
})

test('a body over the limit is refused', async () => {
  const answer = await post(`"${'x'.repeat(2_000_000)}"`)
  assert.is(answer.statusCode, 413)
  assert.is(answer.json().error.code, 'ERR_BODY_TOO_LARGE')
})

test.run()
