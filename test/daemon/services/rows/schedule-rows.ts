import * as assert from 'uvu/assert'
import { jsonOf, messageOf, NO_JOB, ODD_IDS, type Row, scheduled, type World } from './world.js'

const DATE = /^\d\d-\d\d-\d{4} \d\d:\d\d:\d\d$/

type Maps = Readonly<Record<'running' | 'scheduled' | 'history', Readonly<Record<string, JobRecord>>>>

interface JobRecord {
  readonly id: string
  readonly job_name: string
  readonly scheduled_in: string
  readonly scheduled_to: string
  readonly status: string
  readonly finish_status?: string
  readonly finish_date?: string
}

/** The record of a job, which is the same in the map that it must be in. */
async function record({ request }: World, id: string, map: keyof Maps): Promise<JobRecord> {
  const response = await request(`/job/${id}`)
  const found = (await jsonOf(response)) as JobRecord
  assert.is(response.status, 200)
  const maps = (await jsonOf(await request('/jobs'))) as Maps
  assert.equal(Object.keys(maps), ['running', 'scheduled', 'history'])
  for (const [name, records] of Object.entries(maps)) {
    if (name === map) assert.equal(records[id], found, name)
    else assert.is(records[id], undefined, `${id} is in ${name}`)
  }

  const ended = map === 'history'
  const fields = ['id', 'job_name', 'scheduled_in', 'scheduled_to', 'status']
  assert.equal(Object.keys(found), ended ? [...fields, 'finish_status', 'finish_date'] : fields)
  assert.is(found.id, id)
  for (const date of [found.scheduled_in, found.scheduled_to]) assert.match(date, DATE)
  if (ended) assert.match(found.finish_date ?? '', DATE)
  return found
}

async function remove({ request }: World, id: string, status: number): Promise<string> {
  return messageOf(await request(`/job/${id}`, { method: 'DELETE' }), status)
}

/** Section 2: run now, later, or not at all; what is sent to `POST /job` is elsewhere. */
export const SCHEDULE_ROWS: readonly Row[] = [
  [
    'GET /: 302 to /jobs',
    async ({ request }) => {
      const response = await request('/', { redirect: 'manual' })
      assert.is(response.status, 302)
      assert.match(response.headers.get('location') ?? '', /\/jobs$/)
    },
  ],
  [
    'GET /jobs and GET /job/<id> of a job whose time has not come: scheduled',
    async world => {
      const { quick } = world.names
      const id = await scheduled(world, quick, '2h30m')
      const { job_name, status, scheduled_in, scheduled_to } = await record(world, id, 'scheduled')
      assert.is(job_name, quick)
      assert.is(status, 'scheduled')
      assert.is.not(scheduled_in, scheduled_to)
      await remove(world, id, 200)
    },
  ],
  [
    'a running job: running',
    async world => {
      const id = await scheduled(world, world.names.endless)
      await world.reach(id, 'running')
      assert.is((await record(world, id, 'running')).status, 'running')
      await remove(world, id, 202)
      await world.reach(id, 'cancelled')
    },
  ],
  [
    'a finished job: in history as success, or as failed if it failed or timed out',
    async world => {
      const { quick, failing, slow } = world.names
      const ends = [
        [quick, 'succeeded', 'success'],
        [failing, 'failed', 'failed'],
        [slow, 'timed_out', 'failed'],
      ] as const
      for (const [name, state, shown] of ends) {
        const id = await scheduled(world, name)
        await world.reach(id, state)
        const { status, finish_status } = await record(world, id, 'history')
        assert.equal([status, finish_status], ['finished', shown])
      }
    },
  ],
  [
    'GET /job/<id>, unknown: 404',
    async ({ request }) => {
      for (const id of [NO_JOB, ...ODD_IDS, 'a'.repeat(10_000)]) {
        const message = `job with id ${decodeURIComponent(id)} not found`
        assert.is(await messageOf(await request(`/job/${id}`), 404), message)
      }
    },
  ],
  [
    'DELETE /job/<id>, scheduled: 200, and in history as canceled, did_not_run',
    async world => {
      const id = await scheduled(world, world.names.quick, '1h')
      assert.is(await remove(world, id, 200), `job ${id} was de-scheduled`)
      const { status, finish_status } = await record(world, id, 'history')
      assert.equal([status, finish_status], ['canceled', 'did_not_run'])
      assert.is(await remove(world, id, 404), `job with id ${id} not found`)
    },
  ],
  [
    'DELETE of a running job: 202; it ends in history as canceled',
    async world => {
      const id = await scheduled(world, world.names.endless)
      await world.reach(id, 'running')
      assert.match(await remove(world, id, 202), new RegExp(id))
      await world.reach(id, 'cancelled')
      const { status, finish_status } = await record(world, id, 'history')
      assert.equal([status, finish_status], ['canceled', 'canceled'])
      assert.is(await remove(world, id, 404), `job with id ${id} not found`)
    },
  ],
  [
    'DELETE of a finished or unknown job: 404',
    async world => {
      const id = await scheduled(world, world.names.quick)
      await world.reach(id, 'succeeded')
      for (const each of [id, NO_JOB, ...ODD_IDS]) {
        assert.is(await remove(world, each, 404), `job with id ${decodeURIComponent(each)} not found`)
      }
    },
  ],
]
