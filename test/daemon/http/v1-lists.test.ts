import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JobView } from '#daemon/jobs/job-service.js'
import { sampleJob } from '../../support/daemon/sample-config.js'
import { type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'

const test = suite('daemon http: lists of /v1/jobs')

let server: ScriptedServer
/** In the order of their arrival: one of each state, then one more that waits. */
let jobs: readonly JobView[]

test.before(async () => {
  const definitions = [sampleJob('report'), sampleJob('print & copy', { lane: 'bulk' })]
  server = await scriptedServer({ config: { jobs: new Map(definitions.map(job => [job.name, job])) } })
  const scripted = server.jobs
  const later = Date.now() + 3_600_000
  const submission = await scripted.submit([
    { name: 'report', source: 'v1', dueAt: later },
    { name: 'report', source: 'group' },
    { name: 'report', source: 'v1', lane: 'urgent' },
    { name: 'print & copy', source: 'v1' },
    { name: 'print & copy', source: 'v1' },
    { name: 'report', source: 'v1' },
    { name: 'report', source: 'v1', dueAt: later },
    { name: 'print & copy', source: 'queue' },
  ])
  jobs = submission.jobs
  const [, , running, succeeded, failed, late, cancelled] = jobs.map(job => job.id)
  for (const id of [running, succeeded, failed, late]) scripted.start(id!)
  scripted.succeed(succeeded!)
  scripted.fail(failed!)
  scripted.timeOut(late!)
  await scripted.cancel(cancelled!)
})

test.after(() => server.app.close())

/** The places in the order of arrival of what a query lists. */
async function listed(query: string): Promise<number[]> {
  const answer = await server.app.inject({ url: `/v1/jobs${query}` })
  assert.is(answer.statusCode, 200, answer.body)
  return answer
    .json()
    .jobs.map((shown: { readonly id: string }) => jobs.findIndex(job => job.id === shown.id))
}

test('all jobs are listed, the newest first, or the oldest', async () => {
  assert.equal(await listed(''), [7, 6, 5, 4, 3, 2, 1, 0])
  assert.equal(await listed('?order=oldest'), [0, 1, 2, 3, 4, 5, 6, 7])
})

test('filters by states, name and lane, and all of them together', async () => {
  assert.equal(await listed('?state=scheduled'), [0])
  assert.equal(await listed('?state=queued'), [7, 1])
  assert.equal(await listed('?state=running&state=failed&state=timed_out'), [5, 4, 2])
  assert.equal(await listed('?name=print%20%26%20copy'), [7, 4, 3])
  assert.equal(await listed('?lane=urgent'), [2])
  assert.equal(await listed('?lane=bulk&state=succeeded&state=cancelled&order=oldest'), [3])
  assert.equal(await listed('?name=nothing'), [])
})

test('pages lead from one to the next, with their filters, and end', async () => {
  for (const first of [
    '/v1/jobs?limit=3',
    '/v1/jobs?limit=2&order=oldest&name=print%20%26%20copy&state=queued&state=failed',
  ]) {
    const found: string[] = []
    let pages = 0
    for (let url: string | null = first; url !== null; pages += 1) {
      const answer = await server.app.inject({ url })
      const page: { readonly jobs: readonly { readonly id: string }[]; readonly next: string | null } =
        answer.json()
      found.push(...page.jobs.map(job => job.id))
      assert.is(answer.headers.link, page.next === null ? undefined : `<${page.next}>; rel="next"`)
      url = page.next
    }
    const all = await server.app.inject({ url: first.replace(/limit=\d/, 'limit=1000') })
    assert.equal(
      found,
      all.json().jobs.map((job: { readonly id: string }) => job.id),
    )
    assert.is(pages, Math.ceil(found.length / Number(/limit=(\d)/.exec(first)![1])))
  }
})

test('a filter that is unknown or malformed is refused by name', async () => {
  for (const [query, complaint] of [
    ['?limit=0', /query\.limit/],
    ['?limit=1001', /query\.limit/],
    ['?limit=ten', /query\.limit/],
    ['?limit=1&limit=2', /query\.limit/],
    ['?state=done', /query\.state.*timed_out/],
    [`?${'state=queued&'.repeat(21)}`, /query\.state/],
    ['?order=random', /query\.order/],
    [`?name=${'x'.repeat(201)}`, /query\.name/],
    ['?lane=', /query\.lane/],
    ['?after=', /query\.after/],
    ['?after=abc', /query\.after/],
    ['?after=%3Cscript%3E', /query\.after/],
    [`?after=${'1'.repeat(201)}`, /query\.after/],
    ['?page=2', /"page"/],
    ['?__proto__=2', /"__proto__"/],
  ] as const) {
    const answer = await server.app.inject({ url: `/v1/jobs${query}` })
    assert.is(answer.statusCode, 400, query)
    assert.match(answer.json().error.message, complaint)
  }
})

test.run()
