import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { JobServiceError } from '#daemon/jobs/job-service.js'
import { StoreError } from '#daemon/store/store-error.js'
import { sampleJob } from '../../support/daemon/sample-config.js'
import { json, jsonOf, messageOf, NO_JOB, scheduled } from './rows/world.js'
import { createScriptedWorld, type ScriptedWorld, type ScriptedWorldOptions } from './scripted-world.js'

process.env.TZ = 'Europe/Berlin'

const test = suite('daemon: the services over HTTP, on jobs moved by hand')

const NOW = Date.parse('2030-02-01T02:04:05Z')

async function within(
  options: ScriptedWorldOptions,
  use: (world: ScriptedWorld) => Promise<void>,
): Promise<void> {
  const world = await createScriptedWorld(options)
  try {
    await use(world)
  } finally {
    await world.close()
  }
}

/** How many jobs each call of `submit` was given. */
function submissionsOf({ jobs }: ScriptedWorld): number[] {
  const sizes: number[] = []
  const submit = jobs.submit.bind(jobs)
  jobs.submit = (requests, idempotency) => {
    sizes.push(requests.length)
    return submit(requests, idempotency)
  }
  return sizes
}

function inputs({ jobs }: ScriptedWorld): unknown[] {
  return jobs.ids.map(id => jobs.inputOf(id))
}

test('the jobs of a group are submitted together, and so are the valid items of a batch', () =>
  within({}, async world => {
    const sizes = submissionsOf(world)
    await world.request('/group/group_a')
    await world.request('/api', json([{ item: 'a', valor: 1 }, 5, { item: 'b', valor: 2, more: true }]))
    await world.request('/api', json([5]))
    await world.request('/api', json([]))
    assert.equal(sizes, [3, 2, 0, 0])
    assert.equal(inputs(world).slice(3), [
      { item: 'a', valor: 1 },
      { item: 'b', valor: 2, more: true },
    ])
    assert.equal(
      world.jobs.ids.map(id => world.jobs.recordOf(id).source),
      ['group', 'group', 'group', 'queue', 'queue'],
    )
  }))

test("an item that the job's own schema refuses leaves the others alone", () => {
  const input = {
    type: 'object',
    properties: { valor: { type: 'number', maximum: 10 } },
    required: ['valor'],
  }
  return within({ jobs: [sampleJob('item', { input })] }, async world => {
    const items = [1, 11, 2].map(valor => ({ item: `${valor}`, valor }))
    const { processing_items } = (await jsonOf(await world.request('/api', json(items)))) as {
      readonly processing_items: readonly { readonly hash: string; readonly item: string }[]
    }
    assert.equal(
      processing_items.map(({ hash, item }) => [item, hash === 'INVALID_JOB_REQUEST']),
      [
        ['1', false],
        ['11', true],
        ['2', false],
      ],
    )
    assert.equal(inputs(world), [items[0], items[2]])
    assert.equal(
      [processing_items[0]?.hash, processing_items[2]?.hash],
      world.jobs.ids.map(id => id.replaceAll('-', '')),
    )
  })
})

test('the work job gets the body if its schema takes it, and else nothing', async () => {
  await within({}, async world => {
    await world.request('/api', json({ a: 1 }))
    assert.equal(inputs(world), [undefined])
  })
  const input = { properties: { a: { type: 'number' } } }
  await within({ jobs: [sampleJob('work', { input })] }, async world => {
    for (const body of ['{"a":1}', '{"a":"1"}', '5', '']) {
      assert.is((await world.request('/api', json(body))).status, 202)
    }
    assert.equal(inputs(world), [{ a: 1 }, undefined, undefined, undefined])
  })
})

test('input of POST /job reaches the job; one that the job refuses gets 400', () => {
  const input = { type: 'object', required: ['n'] }
  return within({ jobs: [sampleJob('JOB_A', { input })] }, async world => {
    const fields = { job_name: 'JOB_A', time: '0s' }
    await messageOf(await world.request('/job', json({ ...fields, input: { n: [1] } })), 200)
    await messageOf(await world.request('/job', json({ ...fields, input: {} })), 400)
    await messageOf(await world.request('/job', json(fields)), 400)
    assert.equal(inputs(world), [{ n: [1] }])
  })
})

test('the estimate is told in local time, and never below 0 seconds', () =>
  within({}, async world => {
    const { id } = (await jsonOf(await world.request('/api', { method: 'POST' }))) as { readonly id: string }
    const ask = async () => jsonOf(await world.request(`/api?id=${id}`))
    world.jobs.estimated = { doneAt: NOW + 12_500, secondsLeft: 12.5 }
    assert.equal(await ask(), {
      message: 'Job is still in progress!',
      estimated_time_completion: '2030-02-01 03:04:17',
      seconds_to_completion: 12.5,
    })
    world.jobs.estimated = { doneAt: NOW, secondsLeft: -1 }
    assert.is(((await ask()) as { readonly seconds_to_completion: number }).seconds_to_completion, 0)
  }))

test('the status URL is at the host that was asked', () =>
  within({ config: { hosts: ['jobs.example'] } }, async world => {
    const headers = { host: 'jobs.example:8080' }
    const { id, status_url } = (await world.app.inject({ method: 'POST', url: '/api', headers })).json()
    assert.is(status_url, `http://jobs.example:8080/api?id=${id}`)
  }))

test('the dates of a record are local, and those that were asked for', () =>
  within({ now: () => NOW }, async world => {
    const dates = [
      ['05-03-2031 06:07:08', '05-03-2031 06:07:08'],
      ['2031-08-05T06:07:08Z', '05-08-2031 08:07:08'],
      ['30-03-2031 02:30:00', '30-03-2031 03:30:00'],
      ['01-01-2001 00:00:00', '01-02-2030 03:04:05'],
    ] as const
    for (const [date, shown] of dates) {
      await messageOf(await world.request('/job', json({ job_name: 'JOB_A', date })), 200)
      const id = world.jobs.ids.at(-1) ?? ''
      assert.equal(await jsonOf(await world.request(`/job/${id}`)), {
        id,
        job_name: 'JOB_A',
        scheduled_in: '01-02-2030 03:04:05',
        scheduled_to: shown,
        status: 'scheduled',
      })
    }
  }))

test('a job that waits for a retry is scheduled to that; later the date that was asked for is told again', () => {
  let now = NOW
  return within({ now: () => now }, async world => {
    const id = await scheduled(world, 'JOB_A', '1m')
    const to = async () =>
      ((await jsonOf(await world.request(`/job/${id}`))) as { readonly scheduled_to: string }).scheduled_to
    now += 60_000
    world.jobs.start(id)
    world.jobs.retryLater(id, NOW + 120_000)
    assert.is(await to(), '01-02-2030 03:06:05')
    world.jobs.start(id)
    assert.is(await to(), '01-02-2030 03:05:05')
  })
})

test('without a work job or a queue job: 503 that says what to configure', () =>
  within({ config: { work: { job: null, logFile: '' }, queue: { job: null, batch: 5 } } }, async world => {
    assert.match(await messageOf(await world.request('/api', { method: 'POST' }), 503), /work\.job/)
    assert.match(await messageOf(await world.request('/api', json([])), 503), /queue\.job/)
    assert.equal(world.jobs.ids, [])
  }))

test('while jobs can be neither kept nor read, or the daemon leaves: 503', () =>
  within({}, async world => {
    const id = await scheduled(world, 'JOB_A')
    const batch = json([{ item: 'a', valor: 0 }])
    const requests: readonly (readonly [path: string, init?: RequestInit])[] = [
      ['/api', { method: 'POST' }],
      ['/api', batch],
      [`/api?id=${id}`],
      ['/jobs'],
      [`/job/${id}`],
      [`/job/${id}`, { method: 'DELETE' }],
      ['/job?job_name=JOB_A&time=0s', { method: 'POST' }],
      ['/group/group_a'],
      [`/status/${id}`],
      [`/check/${id.replaceAll('-', '')}`],
    ]
    for (const trouble of [
      new StoreError('unavailable', 'the disk is full'),
      new JobServiceError('ERR_SHUTTING_DOWN', 'the daemon is shutting down'),
    ]) {
      world.jobs.trouble = trouble
      for (const [path, init] of requests) await messageOf(await world.request(path, init), 503)
    }
    // What is no id is told without the store.
    assert.is((await world.request('/api?id=x')).status, 400)
    assert.is((await world.request('/check/x')).status, 404)
    world.jobs.trouble = undefined
    for (const [path, init] of requests) assert.is.not((await world.request(path, init)).status, 503)
  }))

test('GET /jobs has the newest 1,000 of each map, and a link to where the list goes on', () =>
  within({}, async world => {
    for (const [name, count] of [
      ['JOB_A', 1003],
      ['slow', 2],
    ] as const) {
      const requests = Array.from({ length: count }, () => ({ name, source: 'schedule' as const }))
      await world.jobs.submit(requests)
    }
    for (const id of world.jobs.ids.slice(1003)) world.jobs.start(id)
    const response = await world.request('/jobs')
    const { running, scheduled, history } = (await jsonOf(response)) as Readonly<Record<string, object>>
    assert.equal(Object.keys(running ?? {}), world.jobs.ids.slice(1003).reverse())
    assert.equal(Object.keys(scheduled ?? {}), world.jobs.ids.slice(3, 1003).reverse())
    assert.equal(history, {})
    const links = response.headers.get('link') ?? ''
    const [, path = ''] = /^<([^>]+)>; rel="next"$/.exec(links) ?? []
    const rest = (await jsonOf(await world.request(path))) as { readonly jobs: readonly { id: string }[] }
    assert.equal(
      rest.jobs.map(({ id }) => id),
      world.jobs.ids.slice(0, 3).reverse(),
    )
  }))

test('a job that moves on while GET /jobs looks is in one map, the latest', () =>
  within({}, async world => {
    const id = await scheduled(world, 'JOB_A')
    const list = world.jobs.list.bind(world.jobs)
    const moves = [() => world.jobs.start(id), () => world.jobs.succeed(id)]
    world.jobs.list = async query => {
      const page = await list(query)
      moves.shift()?.()
      return page
    }
    const maps = (await jsonOf(await world.request('/jobs'))) as Readonly<Record<string, object>>
    assert.equal(
      Object.entries(maps).map(([name, map]) => [name, Object.keys(map)]),
      [
        ['running', []],
        ['scheduled', []],
        ['history', [id]],
      ],
    )
  }))

test('only what is undefined of a group is named, as Python would', () => {
  const groups = new Map([['mixed', ['JOB_A', "it's", 'a\\b', 'slow']]])
  return within({ config: { groups } }, async world => {
    const response = await world.request('/group/mixed', { method: 'POST' })
    assert.is(response.status, 400)
    assert.is(await response.text(), `Group with given jobs do not exists : ["it's", 'a\\\\b']`)
    assert.equal(world.jobs.ids, [])
  })
})

test('a key whose jobs are forgotten gets 409, and never tokens of other items', () =>
  within({}, async world => {
    const init = json(
      [
        { item: 'a', valor: 0 },
        { item: 'b', valor: 0 },
      ],
      { 'idempotency-key': 'k' },
    )
    assert.is((await world.request('/api', init)).status, 200)
    world.jobs.forget(world.jobs.ids[0] ?? '')
    assert.match(await messageOf(await world.request('/api', init), 409), /new key/)
  }))

test('to trigger a group needs the token that writes, by GET too', () =>
  within({ config: { tokens: { read: 'r'.repeat(20), write: 'w'.repeat(20) } } }, async world => {
    for (const method of ['GET', 'POST']) {
      for (const [token, status] of [
        ['r', 403],
        ['w', 202],
      ] as const) {
        const headers = { authorization: `Bearer ${token.repeat(20)}` }
        assert.is((await world.request('/group/group_a', { method, headers })).status, status, method + token)
      }
    }
  }))

test('another method than a path has: 405', () =>
  within({}, async world => {
    const others: readonly (readonly [path: string, ...methods: string[]])[] = [
      ['/', 'POST', 'DELETE'],
      ['/jobs', 'POST', 'DELETE'],
      ['/job', 'GET', 'PUT', 'DELETE'],
      [`/job/${NO_JOB}`, 'POST', 'PATCH'],
      ['/group/group_a', 'HEAD', 'PUT', 'DELETE'],
      [`/status/${NO_JOB}`, 'POST', 'DELETE'],
      ['/check/x', 'POST', 'DELETE'],
    ]
    for (const [path, ...methods] of others) {
      for (const method of methods) {
        assert.is((await world.request(path, { method })).status, 405, `${method} ${path}`)
      }
    }
    assert.equal(world.jobs.ids, [])
  }))

test('all of it is described', () =>
  within({}, async world => {
    const { paths } = (await jsonOf(await world.request('/openapi.json'))) as {
      readonly paths: Readonly<Record<string, object>>
    }
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map(method => `${method} ${path}`),
    )
    const expected = [
      'get /',
      'get /api',
      'post /api',
      'get /jobs',
      'post /job',
      'get /job/{id}',
      'delete /job/{id}',
    ]
    for (const route of [
      ...expected,
      'get /group/{name}',
      'post /group/{name}',
      'get /status/{id}',
      'get /check/{token}',
    ]) {
      assert.ok(described.includes(route), route)
    }
  }))

test.run()
