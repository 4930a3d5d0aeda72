import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { JobServiceError } from '#daemon/jobs/job-service.js'
import { StoreError } from '#daemon/store/store-error.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: health')

let server: ScriptedServer

test.before(async () => {
  server = await scriptedServer()
})

test.after(() => server.app.close())

test('ready while jobs can be accepted, and again once they can', async () => {
  const answer = await server.app.inject({ url: '/readyz' })
  assert.is(answer.statusCode, 200)
  assert.equal(answer.json(), { status: 'ready' })

  for (const [trouble, reason] of [
    [new StoreError('unavailable', 'the disk is full'), /the disk is full/],
    [new JobServiceError('ERR_SHUTTING_DOWN', 'the daemon is shutting down'), /shutting down/],
    [new Error('a secret'), /its log tells/],
  ] as const) {
    server.jobs.trouble = trouble
    const refused = await server.app.inject({ url: '/readyz' })
    assert.is(refused.statusCode, 503)
    assert.is(refused.json().status, 'not ready')
    assert.match(refused.json().reason, reason)
    const alive = await server.app.inject({ url: '/healthz' })
    assert.is(alive.statusCode, 200, 'it is alive all the same')
    assert.equal(alive.json(), { status: 'ok' })
  }

  server.jobs.trouble = undefined
  assert.is((await server.app.inject({ url: '/readyz' })).statusCode, 200)
})

test.run()
