import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleJob } from '../../support/daemon/sample-config.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: /v1/jobs')

const START = Date.UTC(2030, 0, 31, 12)
const UNKNOWN_ID = '0b9f2c1e-8a54-4c7e-9d3f-6a1b2c3d4e5f'
const SCHEMA = { type: 'object', required: ['pages'], properties: { pages: { type: 'integer' } } }

let now = START
let server: ScriptedServer

test.before(async () => {
  const jobs = [
    sampleJob('report', { lane: 'urgent', priority: 7 }),
    sampleJob('print', {
      input: SCHEMA,
      cost: 'pages',
      work: { kind: 'task', module: 'file:///x.js', exported: 'print' },
    }),
  ]
  server = await scriptedServer({
    config: { jobs: new Map(jobs.map(job => [job.name, job])) },
    now: () => now,
  })
})

test.before.each(() => {
  now = START
})

test.after(() => server.app.close())

function submit(payload: object, headers: Record<string, string> = {}) {
  return server.app.inject({ method: 'POST', url: '/v1/jobs', payload, headers })
}

async function submitted(payload: object = { name: 'report' }): Promise<string> {
  const answer = await submit(payload)
  assert.is(answer.statusCode, 202, answer.body)
  return answer.json().id
}

const show = (id: string, below = '') => server.app.inject({ url: `/v1/jobs/${id}${below}` })
const act = (id: string, verb: string) => server.app.inject({ method: 'POST', url: `/v1/jobs/${id}/${verb}` })

test('a job is accepted with its defaults, and can be found where the answer says', async () => {
  const answer = await submit({ name: 'report' })
  assert.is(answer.statusCode, 202)
  const job = answer.json()
  assert.equal(job, {
    id: job.id,
    name: 'report',
    lane: 'urgent',
    priority: 7,
    source: 'v1',
    state: 'queued',
    cost: 1,
    attempt: 0,
    interruptions: 0,
    acceptedAt: '2030-01-31T12:00:00.000Z',
    scheduledAt: '2030-01-31T12:00:00.000Z',
    dueAt: '2030-01-31T12:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    error: null,
  })
  const found = await server.app.inject({ url: `${answer.headers.location}` })
  assert.equal(found.json(), job)
  assert.is(server.jobs.inputOf(job.id), undefined)
})

test('lane, priority and input are what the request says', async () => {
  const id = await submitted({
    name: 'print',
    lane: 'bulk',
    priority: 1_000_000,
    input: { pages: 3, more: [null] },
  })
  const { lane, priority, cost } = (await show(id)).json()
  assert.equal({ lane, priority, cost }, { lane: 'bulk', priority: 1_000_000, cost: 3 })
  assert.equal(server.jobs.inputOf(id), { pages: 3, more: [null] })
  assert.is(server.jobs.inputOf(await submitted({ name: 'report', input: null })), null)
  assert.is(server.jobs.inputOf(await submitted({ name: 'report', input: 'text' })), 'text')
})

test('a job can be for later, by the clock or from now', async () => {
  for (const [time, dueAt, state] of [
    [{ delay: 1500 }, START + 1500, 'scheduled'],
    [{ delay: 0 }, START, 'queued'],
    [{ at: '2030-01-31T13:00:00Z' }, START + 3_600_000, 'scheduled'],
    [{ at: '2030-01-31T14:00:00.250+01:00' }, START + 3_600_250, 'scheduled'],
    [{ at: '1999-01-01T00:00:00Z' }, Date.UTC(1999, 0, 1), 'queued'],
  ] as const) {
    const job = (await show(await submitted({ name: 'report', ...time }))).json()
    assert.is(job.dueAt, new Date(dueAt).toISOString())
    assert.is(job.state, state, JSON.stringify(time))
  }
})

test('what is wrong with a submission is named', async () => {
  const before = server.jobs.ids.length
  for (const [payload, complaint] of [
    [{}, /"name"/],
    [[], /body must be object/],
    [{ name: 'report', prioritty: 1 }, /"prioritty"/],
    [{ name: 7 }, /body\.name must be string/],
    [{ name: '' }, /body\.name/],
    [{ name: 'x'.repeat(201) }, /body\.name/],
    [{ name: 'nothing' }, /nothing/],
    [{ name: 'report', lane: 'fast' }, /fast/],
    [{ name: 'report', lane: 7 }, /body\.lane/],
    [{ name: 'report', priority: -1 }, /body\.priority/],
    [{ name: 'report', priority: 1.5 }, /body\.priority/],
    [{ name: 'report', priority: '5' }, /body\.priority/],
    [{ name: 'report', priority: 1_000_001 }, /body\.priority/],
    [{ name: 'report', delay: -1 }, /body\.delay/],
    [{ name: 'report', delay: 1e300 }, /body\.delay/],
    [{ name: 'report', at: '2030-01-31 13:00:00' }, /body\.at .*2030-01-31T09:30:00Z/],
    [{ name: 'report', at: '2030-01-31T13:00:00' }, /zone/],
    [{ name: 'report', at: '2030-02-30T13:00:00Z' }, /body\.at/],
    [{ name: 'report', at: '2030-01-31' }, /body\.at/],
    [{ name: 'report', at: 1_900_000_000_000 }, /body\.at/],
    [{ name: 'report', at: '2030-01-31T13:00:00Z', delay: 5 }, /not both/],
    [{ name: 'print', input: { pages: 'many' } }, /pages/],
    [{ name: 'print' }, /print/],
  ] as const) {
    const answer = await submit(payload)
    assert.is(answer.statusCode, 400, JSON.stringify(payload))
    assert.match(answer.json().error.message, complaint)
  }
  assert.is((await server.app.inject({ method: 'POST', url: '/v1/jobs' })).statusCode, 400)
  assert.is(server.jobs.ids.length, before)
})

test('an unknown field, however long, is named in brief', async () => {
  const answer = await submit({ name: 'report', ['y'.repeat(100_000)]: 1 })
  assert.is(answer.statusCode, 400)
  assert.ok(answer.body.length < 1000)
})

test('the same idempotency key gives the same job, once', async () => {
  const headers = { 'idempotency-key': 'order-17' }
  const first = await submit({ name: 'report', input: { a: 1, b: [2] } }, headers)
  assert.is(first.statusCode, 202)
  assert.is(first.headers['idempotent-replayed'], undefined)

  now += 5
  const second = await submit({ input: { b: [2], a: 1 }, name: 'report' }, headers)
  assert.is(second.statusCode, 202)
  assert.is(second.json().id, first.json().id)
  assert.is(second.headers.location, first.headers.location)
  assert.is(second.headers['idempotent-replayed'], 'true')

  for (const payload of [
    { name: 'report', input: { a: 1, b: [3] } },
    { name: 'report', input: { a: 1, b: [2] }, priority: 1 },
    { name: 'report' },
  ]) {
    const conflict = await submit(payload, headers)
    assert.is(conflict.statusCode, 409)
    assert.is(conflict.json().error.code, 'ERR_KEY_REUSED')
  }
  assert.is.not(
    (await submit({ name: 'report' }, { 'idempotency-key': 'order-18' })).json().id,
    first.json().id,
  )
})

test('an idempotency key is 1 to 255 visible characters', async () => {
  for (const key of ['', 'two words', 'x'.repeat(256), 'schlüssel']) {
    const answer = await submit({ name: 'report' }, { 'idempotency-key': key })
    assert.is(answer.statusCode, 400, key)
    assert.match(answer.json().error.message, /Idempotency-Key/)
  }
  assert.is((await submit({ name: 'report' }, { 'idempotency-key': 'x'.repeat(255) })).statusCode, 202)
})

test('a job is shown as it goes on', async () => {
  const id = await submitted()
  now += 1000
  server.jobs.start(id)
  const running = (await show(id)).json()
  assert.equal(
    [running.state, running.attempt, running.startedAt],
    ['running', 1, '2030-01-31T12:00:01.000Z'],
  )
  server.jobs.retryLater(id, now + 60_000, { name: 'TypeError', message: 'no', code: 'E_NO' })
  const waiting = (await show(id)).json()
  assert.is(waiting.state, 'scheduled')
  assert.equal(waiting.error, { name: 'TypeError', message: 'no', code: 'E_NO' })
  now += 60_000
  assert.is((await show(id)).json().state, 'queued')
  server.jobs.start(id)
  server.jobs.timeOut(id)
  const ended = (await show(id)).json()
  assert.equal([ended.state, ended.finishedAt], ['timed_out', '2030-01-31T12:01:01.000Z'])
})

test('a result is given as it is, once there is one', async () => {
  const id = await submitted()
  assert.is((await show(id, '/result')).statusCode, 409)
  server.jobs.start(id)
  const early = await show(id, '/result')
  assert.is(early.statusCode, 409)
  assert.is(early.json().error.code, 'ERR_JOB_UNFINISHED')
  server.jobs.succeed(id, { b: 'ü', a: [1.5, null] })
  const given = await show(id, '/result')
  assert.is(given.statusCode, 200)
  assert.match(`${given.headers['content-type']}`, /^application\/json/)
  assert.is(given.body, '{"b":"ü","a":[1.5,null]}')

  for (const value of ['text', 0, false, null]) {
    const other = await submitted()
    server.jobs.start(other)
    server.jobs.succeed(other, value)
    assert.is((await show(other, '/result')).body, JSON.stringify(value))
  }
})

test('a job that returned nothing, or failed, has no result', async () => {
  const silent = await submitted()
  server.jobs.start(silent)
  server.jobs.succeed(silent)
  const failed = await submitted()
  server.jobs.start(failed)
  server.jobs.fail(failed)
  for (const [id, complaint] of [
    [silent, /returned nothing/],
    [failed, /failed/],
  ] as const) {
    const answer = await show(id, '/result')
    assert.is(answer.statusCode, 404)
    assert.is(answer.json().error.code, 'ERR_NO_RESULT')
    assert.match(answer.json().message, complaint)
  }
})

test('the log is plain text', async () => {
  const id = await submitted()
  assert.is((await show(id, '/log')).body, '')
  server.jobs.print(id, '<b>line 1</b>\nline ü\n')
  const answer = await show(id, '/log')
  assert.is(answer.statusCode, 200)
  assert.is(answer.headers['content-type'], 'text/plain; charset=utf-8')
  assert.is(answer.body, '<b>line 1</b>\nline ü\n')
})

test('an estimate tells when, and for a finished job when it was', async () => {
  const id = await submitted()
  assert.equal((await show(id, '/estimate')).json(), { doneAt: '2030-01-31T12:00:02.000Z', secondsLeft: 2 })
  server.jobs.start(id)
  now += 500
  server.jobs.succeed(id)
  now += 500
  assert.equal((await show(id, '/estimate')).json(), { doneAt: '2030-01-31T12:00:00.500Z', secondsLeft: 0 })
})

test('cancelling: what waits is cancelled, what runs is told, what is finished stays', async () => {
  const waiting = await submitted()
  const cancelled = await act(waiting, 'cancel')
  assert.equal([cancelled.statusCode, cancelled.json().state], [200, 'cancelled'])
  const again = await act(waiting, 'cancel')
  assert.equal([again.statusCode, again.json().error.code], [409, 'ERR_JOB_FINISHED'])

  const running = await submitted()
  server.jobs.start(running)
  const told = await act(running, 'cancel')
  assert.equal([told.statusCode, told.json().state], [202, 'running'])
  server.jobs.stop(running)
  assert.is((await show(running)).json().state, 'cancelled')
})

test('retrying: only what did not succeed', async () => {
  const id = await submitted()
  assert.equal(
    [(await act(id, 'retry')).statusCode, (await act(id, 'retry')).json().error.code],
    [409, 'ERR_JOB_UNFINISHED'],
  )
  server.jobs.start(id)
  assert.is((await act(id, 'retry')).statusCode, 409)
  server.jobs.fail(id)
  const retried = await act(id, 'retry')
  assert.equal([retried.statusCode, retried.json().state], [202, 'queued'])
  server.jobs.start(id)
  server.jobs.succeed(id)
  assert.equal(
    [(await act(id, 'retry')).statusCode, (await act(id, 'retry')).json().error.code],
    [409, 'ERR_JOB_FINISHED'],
  )
})

test('of an unknown job nothing is known', async () => {
  const requests = ['', '/result', '/log', '/estimate'].map(below => show(UNKNOWN_ID, below))
  for (const answer of await Promise.all([
    ...requests,
    act(UNKNOWN_ID, 'cancel'),
    act(UNKNOWN_ID, 'retry'),
  ])) {
    assert.is(answer.statusCode, 404)
    assert.is(answer.json().error.code, 'ERR_NOT_FOUND')
  }
})

test('the definitions say what can be submitted, and nothing of what it runs', async () => {
  const answer = await server.app.inject({ url: '/v1/definitions' })
  const { jobs, lanes } = answer.json()
  assert.equal(lanes, [{ name: 'urgent' }, { name: 'normal' }, { name: 'bulk' }])
  assert.equal(jobs[0], {
    name: 'report',
    lane: 'urgent',
    priority: 7,
    kind: 'shell',
    timeout: null,
    retries: 0,
    expected: 2000,
    input: null,
  })
  assert.equal(jobs[1].input, SCHEMA)
  assert.not(answer.body.includes('x.js'))
  assert.not(answer.body.includes('command'))
})

test.run()
