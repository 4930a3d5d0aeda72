import * as assert from 'uvu/assert'
import { idOfToken } from '#daemon/http/services/job-ids.js'
import {
  json,
  jsonOf,
  messageOf,
  NO_JOB,
  ODD_IDS,
  type Row,
  scheduled,
  startsNothing,
  UUID,
  type World,
} from './world.js'

async function submitted({ request }: World, init: RequestInit = { method: 'POST' }) {
  const response = await request('/api', init)
  const body = (await jsonOf(response)) as { readonly id: string; readonly status_url: string }
  assert.is(response.status, 202, JSON.stringify(body))
  return body
}

/** Section 1: submit, poll, estimate. */
export const WORK_ROWS: readonly Row[] = [
  [
    'POST /api with an empty body runs the work job: 202, its id, and where to ask for it',
    async world => {
      const { id, status_url, ...more } = await submitted(world)
      assert.match(id, UUID)
      assert.equal(more, {})
      const url = new URL(status_url)
      assert.is(url.protocol, 'http:')
      assert.is(`${url.pathname}${url.search}`, `/api?id=${id}`)
      assert.is.not((await world.request(`${url.pathname}${url.search}`)).status, 400)
    },
  ],
  [
    'POST /api with a JSON body that is not an array runs it as well',
    async world => {
      const bodies = ['{}', '{"a":[1]}', 'null', '5', '"text"', 'true']
      const ids = new Set<string>()
      for (const body of bodies) ids.add((await submitted(world, json(body))).id)
      assert.is(ids.size, bodies.length)
    },
  ],
  [
    'POST /api with an empty body of the type JSON runs it as well',
    async world => {
      assert.match((await submitted(world, json(''))).id, UUID)
    },
  ],
  [
    'POST /api twice with an idempotency key gives the same id; with another body 409',
    async world => {
      const headers = { 'idempotency-key': `work-${Math.random()}` }
      const first = await submitted(world, json({ a: 1, b: 2 }, headers))
      assert.is((await submitted(world, json('{ "b": 2, "a": 1 }', headers))).id, first.id)
      assert.is((await world.request('/api', json({ a: 2 }, headers))).status, 409)
    },
  ],
  [
    'an idempotency key that is none gets 400 and starts nothing',
    async world => {
      await startsNothing(world, async () => {
        for (const key of ['', 'two words', 'x'.repeat(256), 'é']) {
          const response = await world.request('/api', json({}, { 'idempotency-key': key }))
          assert.match(await messageOf(response, 400), /Idempotency-Key .* such as /)
        }
      })
    },
  ],
  [
    'GET /api of a job that is not done: 202 with an estimate',
    async world => {
      const id = await scheduled(world, world.names.quick, '1h')
      const response = await world.request(`/api?id=${id}`)
      const body = (await jsonOf(response)) as Readonly<Record<string, unknown>>
      assert.is(response.status, 202)
      assert.equal(Object.keys(body), ['message', 'estimated_time_completion', 'seconds_to_completion'])
      assert.is(body.message, 'Job is still in progress!')
      assert.match(String(body.estimated_time_completion), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
      assert.type(body.seconds_to_completion, 'number')
      assert.ok(Number(body.seconds_to_completion) >= 0)
      await world.request(`/job/${id}`, { method: 'DELETE' })
    },
  ],
  [
    'GET /api of a job of whatever cost: 202 with an estimate that is a date and a number',
    async world => {
      const response = await world.request(
        '/api',
        json('[{"item":"least","valor":1e-310},{"item":"most","valor":1e308}]'),
      )
      const { processing_items: items } = (await jsonOf(response)) as {
        readonly processing_items: readonly { readonly hash: string }[]
      }
      const [least, most] = items.map(({ hash }) => idOfToken(hash)!)
      await world.reach(least!, 'succeeded')
      for (const id of [most!, await scheduled(world, world.names.quick, '1h')]) {
        const answer = await jsonOf(await world.request(`/api?id=${id}`))
        const { estimated_time_completion, seconds_to_completion } = answer as Readonly<
          Record<string, unknown>
        >
        assert.match(String(estimated_time_completion), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
        assert.ok(Number(seconds_to_completion) >= 0, JSON.stringify(answer))
        assert.type(seconds_to_completion, 'number')
        assert.is((await world.request(`/v1/jobs/${id}/estimate`)).status, 200)
        await world.request(`/job/${id}`, { method: 'DELETE' })
      }
    },
  ],
  [
    'GET /api of a running job: 202',
    async world => {
      const id = await scheduled(world, world.names.endless)
      await world.reach(id, 'running')
      assert.is(await messageOf(await world.request(`/api?id=${id}`), 202), 'Job is still in progress!')
      await world.request(`/job/${id}`, { method: 'DELETE' })
      await world.reach(id, 'cancelled')
    },
  ],
  [
    'GET /api of a job that is done: 200',
    async world => {
      const { id } = await submitted(world)
      await world.reach(id, 'succeeded')
      const response = await world.request(`/api?id=${id}`)
      assert.is(response.status, 200)
      assert.equal(await jsonOf(response), { message: 'Job is done!' })
    },
  ],
  [
    'GET /api of a job that failed, timed out or was cancelled: 200, a message that says so, and the error',
    async world => {
      const { failing, slow, endless } = world.names
      const ends = [
        [failing, 'failed', 'Job failed!'],
        [slow, 'timed_out', 'Job timed out!'],
        [endless, 'cancelled', 'Job was cancelled!'],
      ] as const
      for (const [name, state, message] of ends) {
        const id = await scheduled(world, name)
        if (state === 'cancelled') {
          await world.reach(id, 'running')
          await world.request(`/job/${id}`, { method: 'DELETE' })
        }
        await world.reach(id, state)
        const response = await world.request(`/api?id=${id}`)
        assert.is(response.status, 200)
        const body = (await jsonOf(response)) as {
          readonly message: string
          readonly error: Readonly<Record<string, unknown>>
        }
        assert.is(body.message, message)
        assert.type(body.error.name, 'string')
        assert.ok(String(body.error.message).length > 0)
        assert.is(body.error.stack, undefined)
        if (state === 'failed') assert.match(String(body.error.message), /it went wrong/)
      }
    },
  ],
  [
    'GET /api with an id that is missing, empty or unknown: 400',
    async world => {
      const { id } = await submitted(world)
      const queries = [
        '',
        '?',
        '?id',
        '?id=',
        `?id=${NO_JOB}`,
        `?id=${id}&id=${id}`,
        `?ID=${id}`,
        `?id[]=${id}`,
      ]
      for (const query of [...queries, ...ODD_IDS.map(odd => `?id=${odd}`), `?id=${'a'.repeat(10_000)}`]) {
        const response = await world.request(`/api${query}`)
        assert.is(response.status, 400, query)
        assert.equal(await jsonOf(response), { message: 'Invalid id!' }, query)
      }
    },
  ],
  [
    'another method: 405',
    async world => {
      for (const method of ['PUT', 'PATCH', 'DELETE']) {
        assert.is((await world.request('/api', { method })).status, 405, method)
      }
    },
  ],
]
