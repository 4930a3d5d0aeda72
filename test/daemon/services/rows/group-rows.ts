import * as assert from 'uvu/assert'
import { jsonOf, NO_JOB, ODD_IDS, type Row, scheduled, startsNothing, type World } from './world.js'

async function triggered({ request }: World, init?: RequestInit): Promise<string[]> {
  const response = await request('/group/group_a', init)
  const body = (await jsonOf(response)) as { readonly 'Check job status at': string[] }
  assert.is(response.status, 202, JSON.stringify(body))
  assert.equal(Object.keys(body), ['Check job status at'])
  for (const path of body['Check job status at']) assert.match(path, /^\/status\/[0-9a-f-]{36}$/)
  return body['Check job status at'].map(path => path.slice('/status/'.length))
}

async function stateOf({ request }: World, id: string): Promise<unknown> {
  const response = await request(`/status/${id}`)
  const body = (await jsonOf(response)) as { readonly state: string; readonly task_id: string }
  assert.is(response.status, 200)
  assert.equal(Object.keys(body), ['state', 'task_id'])
  assert.is(body.task_id, id)
  return body.state
}

async function refusalOf(response: Response): Promise<string> {
  assert.is(response.status, 400)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/)
  return response.text()
}

async function nameOf({ request }: World, id: string): Promise<unknown> {
  return ((await jsonOf(await request(`/job/${id}`))) as { readonly job_name: string }).job_name
}

/** Section 3: one trigger, many jobs. */
export const GROUP_ROWS: readonly Row[] = [
  [
    'GET and POST /group/<name>: 202 with the paths of its jobs, in the order of the configuration; all of them run',
    async world => {
      for (const init of [undefined, { method: 'POST' }]) {
        const ids = await triggered(world, init)
        const names = await Promise.all(ids.map(id => nameOf(world, id)))
        assert.equal(names, ['job_a1', 'job_a2', 'job_a3'])
        for (const id of ids) await world.reach(id, 'succeeded')
      }
    },
  ],
  [
    'HEAD /group/<name> starts nothing: 405',
    async world => {
      await startsNothing(world, async () => {
        assert.is((await world.request('/group/group_a', { method: 'HEAD' })).status, 405)
      })
    },
  ],
  [
    'POST /group/<name> twice with an idempotency key gives the same ids',
    async world => {
      const init = { method: 'POST', headers: { 'idempotency-key': `group-${Math.random()}` } }
      assert.equal(await triggered(world, init), await triggered(world, init))
    },
  ],
  [
    'unknown group: 400 text',
    async world => {
      await startsNothing(world, async () => {
        for (const name of [
          'nope',
          'GROUP_A',
          'constructor',
          '__proto__',
          '<b>',
          "' or 1",
          '☃',
          'a/b',
          'a b',
        ]) {
          for (const method of ['GET', 'POST']) {
            const response = await world.request(`/group/${encodeURIComponent(name)}`, { method })
            assert.is(await refusalOf(response), `Group with given id doesn't exists : ${name}`)
          }
        }
        const { status } = await world.request(`/group/${'a'.repeat(10_000)}`)
        assert.ok(status === 400 || status === 404, `${status}`)
      })
    },
  ],
  [
    'some jobs undefined: 400 text naming just those; nothing starts',
    async world => {
      await startsNothing(world, async () => {
        const response = await world.request('/group/group_b')
        const text = "Group with given jobs do not exists : ['job_b1', 'job_b2', 'job_b3']"
        assert.is(await refusalOf(response), text)
      })
    },
  ],
  [
    'no jobs: 400 text',
    async world => {
      const response = await world.request('/group/group_c', { method: 'POST' })
      assert.is(await refusalOf(response), 'Group with given jobs do not exists : No Jobs Configured')
    },
  ],
  [
    'GET /status/<id>: PENDING before its time, REVOKED once it is cancelled',
    async world => {
      const id = await scheduled(world, world.names.quick, '1h')
      assert.is(await stateOf(world, id), 'PENDING')
      await world.request(`/job/${id}`, { method: 'DELETE' })
      assert.is(await stateOf(world, id), 'REVOKED')
    },
  ],
  [
    'GET /status/<id>: STARTED while it runs, REVOKED once it has been cancelled',
    async world => {
      const id = await scheduled(world, world.names.endless)
      await world.reach(id, 'running')
      assert.is(await stateOf(world, id), 'STARTED')
      await world.request(`/job/${id}`, { method: 'DELETE' })
      await world.reach(id, 'cancelled')
      assert.is(await stateOf(world, id), 'REVOKED')
    },
  ],
  [
    'GET /status/<id>: SUCCESS, and FAILURE of what failed or timed out',
    async world => {
      const { quick, failing, slow } = world.names
      const ends = [
        [quick, 'succeeded', 'SUCCESS'],
        [failing, 'failed', 'FAILURE'],
        [slow, 'timed_out', 'FAILURE'],
      ] as const
      for (const [name, state, shown] of ends) {
        const id = await scheduled(world, name)
        await world.reach(id, state)
        assert.is(await stateOf(world, id), shown)
      }
    },
  ],
  [
    'GET /status/<id>: RETRY while it waits for its next attempt',
    async world => {
      const id = await scheduled(world, world.names.retrying)
      await world.reach(id, 'retrying')
      assert.is(await stateOf(world, id), 'RETRY')
      await world.request(`/job/${id}`, { method: 'DELETE' })
    },
  ],
  [
    'unknown id: 400 text',
    async world => {
      for (const id of [NO_JOB, ...ODD_IDS]) {
        const response = await world.request(`/status/${id}`)
        assert.is(await refusalOf(response), `Job with given id doesn't exists : ${decodeURIComponent(id)}`)
      }
      const { status } = await world.request(`/status/${'a'.repeat(10_000)}`)
      assert.ok(status === 400 || status === 404, `${status}`)
    },
  ],
]
