import * as assert from 'uvu/assert'
import { JOB_STATES } from '#daemon/jobs/job.js'
import type { JobQuery, JobStore, StateCount } from '#daemon/store/job-store.js'
import { newJob } from '../../../support/daemon/new-job.js'
import { reasonOf } from '../../../support/rejection.js'
import { acceptAll, ERROR, storeTest, succeed } from './store-test.js'

const NOW = 6000

/** One job of every state in each of two lanes, and which those are. */
async function oneOfEach(store: JobStore): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  for (const lane of ['bulk', 'urgent']) {
    for (const state of JOB_STATES) {
      const unclaimed = state === 'scheduled' || state === 'queued'
      const job = newJob({
        lane,
        name: state,
        claimed: !unclaimed,
        dueAt: state === 'scheduled' ? 9000 : 1000,
      })
      ids.set(`${lane} ${state}`, job.id)
      await acceptAll(store, [job])
      if (unclaimed) continue
      if (state === 'succeeded') await succeed(store, job.id)
      else await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      if (state === 'running' || state === 'succeeded') continue
      await store.settle(job.id, { kind: state, attempt: 1, finishedAt: 1700, error: ERROR, log: '' })
    }
  }
  return ids
}

async function idsOf(store: JobStore, query: Partial<JobQuery>): Promise<readonly string[]> {
  const page = await store.list({ limit: 100, order: 'oldest', now: NOW, ...query })
  assert.is(page.next, null)
  return page.jobs.map(job => job.id)
}

/** All pages of a query, as the ids on each. */
async function pagesOf(store: JobStore, query: Omit<JobQuery, 'after'>): Promise<readonly string[][]> {
  const pages: string[][] = []
  let after: string | null | undefined
  while (after !== null) {
    const page = await store.list({ ...query, ...(after === undefined ? {} : { after }) })
    pages.push(page.jobs.map(job => job.id))
    after = page.next
  }
  return pages
}

function sorted(counts: readonly StateCount[]): readonly string[] {
  return counts.map(({ lane, state, count }) => `${lane} ${state} ${count}`).sort()
}

export const listingContract = [
  storeTest('an empty store lists nothing', async ({ store }) => {
    assert.equal(await store.list({ limit: 10, order: 'newest', now: NOW }), { jobs: [], next: null })
    assert.equal(await store.counts(NOW), [])
  }),

  storeTest('jobs are listed by state, by lane and by name', async ({ store }) => {
    const ids = await oneOfEach(store)
    assert.equal(await idsOf(store, {}), [...ids.values()])
    for (const state of JOB_STATES) {
      const expected = [ids.get(`bulk ${state}`)!, ids.get(`urgent ${state}`)!]
      assert.equal(await idsOf(store, { states: [state] }), expected)
      assert.equal(await idsOf(store, { name: state }), expected)
      assert.equal(await idsOf(store, { states: [state], lane: 'urgent' }), [expected[1]])
      assert.equal(await idsOf(store, { name: state, lane: 'bulk' }), [expected[0]])
      assert.equal(
        await idsOf(store, { name: 'running', states: [state], lane: 'bulk' }).then(found => found.length),
        state === 'running' ? 1 : 0,
      )
    }
    assert.equal(
      await idsOf(store, { states: ['running', 'scheduled', 'queued', 'running'], lane: 'bulk' }),
      ['scheduled', 'queued', 'running'].map(state => ids.get(`bulk ${state}`)),
    )
    assert.equal(await idsOf(store, { states: JOB_STATES }), [...ids.values()])
    assert.equal(await idsOf(store, { states: [] }), [])
    assert.equal(await idsOf(store, { lane: 'none' }), [])
  }),

  storeTest('a waiting job is scheduled until it is due, and queued from then on', async ({ store }) => {
    const job = newJob({ dueAt: 9000 })
    await acceptAll(store, [job])
    assert.equal(await idsOf(store, { states: ['scheduled'], now: 8999 }), [job.id])
    assert.equal(await idsOf(store, { states: ['queued'], now: 8999 }), [])
    assert.equal(await idsOf(store, { states: ['scheduled'], now: 9000 }), [])
    assert.equal(await idsOf(store, { states: ['queued'], now: 9000 }), [job.id])
  }),

  storeTest('pages follow one another without a gap or a double, in both orders', async ({ store }) => {
    const jobs = Array.from({ length: 11 }, (_, index) =>
      newJob({ lane: index % 3 === 0 ? 'urgent' : 'bulk' }),
    )
    await store.accept(jobs)
    const ids = jobs.map(job => job.id)
    for (const limit of [1, 4, 11, 1000]) {
      for (const filter of [{}, { states: ['queued', 'failed'] }, { name: 'report' }] as const) {
        const oldest = await pagesOf(store, { limit, order: 'oldest', now: NOW, ...filter })
        const newest = await pagesOf(store, { limit, order: 'newest', now: NOW, ...filter })
        assert.equal(oldest.flat(), ids)
        assert.equal(newest.flat(), [...ids].reverse())
        assert.is(oldest.length, Math.ceil(11 / limit))
      }
    }
  }),

  storeTest('jobs that arrive or go meanwhile do not move a page', async ({ store }) => {
    const jobs = Array.from({ length: 6 }, () => newJob())
    await store.accept(jobs)
    const first = await store.list({ limit: 2, order: 'newest', now: NOW })
    await acceptAll(store, [newJob()])
    await store.cancel(jobs[4]!.id, 2000)
    await store.sweep(5000, 0, 10)
    const second = await store.list({ limit: 2, order: 'newest', now: NOW, after: first.next! })
    assert.equal(
      second.jobs.map(job => job.id),
      [jobs[3]!.id, jobs[2]!.id],
    )
  }),

  storeTest('a page that no page told of is refused', async ({ store }) => {
    for (const after of ['', 'x', '-1', '1.5', "1' OR 1", '9'.repeat(100)]) {
      const reason = await reasonOf(store.list({ limit: 1, order: 'oldest', now: NOW, after }))
      assert.instance(reason, RangeError)
    }
  }),

  storeTest('jobs are counted by lane and state', async ({ store }) => {
    await oneOfEach(store)
    await acceptAll(store, [newJob(), newJob({ claimed: true })])
    const expected = ['bulk', 'urgent'].flatMap(lane =>
      JOB_STATES.map(state => `${lane} ${state} ${lane === 'bulk' && state === 'queued' ? 3 : 1}`),
    )
    assert.equal(sorted(await store.counts(NOW)), expected.sort())
    const later = (await store.counts(9000)).find(
      count => count.lane === 'urgent' && count.state === 'queued',
    )
    assert.is(later?.count, 2)
  }),
]
