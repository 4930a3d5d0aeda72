import * as assert from 'uvu/assert'
import type { JobStore } from '#daemon/store/job-store.js'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, storeTest, succeed } from './store-test.js'

/** Jobs that finished at 1,000, 2,000 and so on, by their ids. */
async function finished(store: JobStore, count: number): Promise<readonly string[]> {
  const jobs = Array.from({ length: count }, () => newJob({ claimed: true, input: '1' }))
  await acceptAll(store, jobs)
  for (const [index, job] of jobs.entries()) {
    await succeed(store, job.id, { startedAt: 500, finishedAt: 1000 * (index + 1), result: '2', log: 'l' })
  }
  return jobs.map(job => job.id)
}

const KEY = { key: 'k', fingerprint: 'f' }

async function left(store: JobStore): Promise<readonly string[]> {
  const page = await store.list({ limit: 1000, order: 'oldest', now: 0 })
  return page.jobs.map(job => job.id)
}

export const retentionContract = [
  storeTest('jobs that finished before an instant are forgotten with all they had', async ({ store }) => {
    const ids = await finished(store, 4)
    assert.is(await store.sweep(3000, 100, 100), 2)
    assert.equal(await left(store), ids.slice(2))
    assert.is(await store.input(ids[0]!), undefined)
    assert.is(await store.result(ids[0]!), undefined)
    assert.is(await store.log(ids[0]!), undefined)
    assert.is(await store.result(ids[2]!), '2')
    assert.is(await store.sweep(3000, 100, 100), 0)
  }),

  storeTest('of the finished jobs the newest are kept', async ({ store }) => {
    const ids = await finished(store, 5)
    assert.is(await store.sweep(0, 3, 100), 2)
    assert.equal(await left(store), ids.slice(2))
    assert.is(await store.sweep(0, 0, 100), 3)
  }),

  storeTest('both bounds hold at once, whichever reaches farther', async ({ store }) => {
    const ids = await finished(store, 6)
    assert.is(await store.sweep(2500, 5, 100), 2)
    assert.is(await store.sweep(3500, 2, 100), 2)
    assert.equal(await left(store), ids.slice(4))
  }),

  storeTest('a sweep forgets no more than its limit, the oldest first', async ({ store }) => {
    const ids = await finished(store, 5)
    assert.is(await store.sweep(9000, 100, 2), 2)
    assert.equal(await left(store), ids.slice(2))
    assert.is(await store.sweep(9000, 100, 2), 2)
    assert.is(await store.sweep(9000, 100, 2), 1)
  }),

  storeTest('jobs that finished at the same instant are counted one by one', async ({ store }) => {
    const jobs = Array.from({ length: 5 }, () => newJob({ claimed: true }))
    await acceptAll(store, jobs)
    for (const job of jobs) await succeed(store, job.id)
    assert.is(await store.sweep(0, 2, 100), 3)
    assert.is((await left(store)).length, 2)
  }),

  storeTest('unfinished jobs are never forgotten', async ({ store }) => {
    const jobs = [newJob(), newJob({ claimed: true }), newJob({ dueAt: 9000 }), newJob({ claimed: true })]
    await acceptAll(store, jobs)
    await store.start(jobs[3]!.id, { attempt: 1, startedAt: 1100, process: null })
    assert.is(await store.sweep(1e15, 0, 100), 0)
    assert.is((await left(store)).length, 4)
  }),

  storeTest('an idempotency key is kept as long as one of its jobs is', async ({ store }) => {
    const [soon, later] = [newJob({ claimed: true }), newJob({ dueAt: 9000 })]
    await store.accept([soon, later], KEY)
    await store.sweep(1e15, 100, 100)
    await succeed(store, soon.id, { finishedAt: 3000 })
    assert.is(await store.sweep(1e15, 100, 100), 1)
    assert.equal(await store.accept([newJob()], KEY), { kind: 'repeated', ids: [soon.id, later.id] })
    await store.claim('bulk', 1, 9000)
    await store.sweep(1e15, 100, 100)
    await succeed(store, later.id, { startedAt: 9000, finishedAt: 9500 })
    await store.sweep(9500, 100, 100)
    assert.is((await store.accept([newJob()], KEY)).kind, 'repeated')
    assert.is(await store.sweep(9501, 100, 100), 1)
    assert.is((await store.accept([newJob()], { ...KEY, fingerprint: 'g' })).kind, 'accepted')
  }),

  storeTest(
    'a key whose jobs are forgotten is kept for its time, and may then be used anew',
    async ({ store }) => {
      const job = newJob({ acceptedAt: 1000, claimed: true })
      await store.accept([job], KEY)
      await succeed(store, job.id)
      assert.is(await store.sweep(0, 0, 100), 1)
      await store.sweep(1000, 100, 100)
      assert.is((await store.accept([newJob()], KEY)).kind, 'repeated')
      await store.sweep(1001, 100, 100)
      assert.is((await store.accept([newJob()], { ...KEY, fingerprint: 'g' })).kind, 'accepted')
    },
  ),

  storeTest('keys that jobs hold do not keep others from being forgotten', async ({ store }) => {
    for (let index = 0; index < 10; index++)
      await store.accept([newJob({ dueAt: 1e12 })], { key: `held-${index}`, fingerprint: 'f' })
    const job = newJob({ acceptedAt: 1500, claimed: true })
    await store.accept([job], KEY)
    await succeed(store, job.id)
    assert.is(await store.sweep(1e15, 100, 1), 1)
    assert.is((await store.accept([newJob()], { ...KEY, fingerprint: 'g' })).kind, 'accepted')
    assert.is((await store.accept([newJob()], { key: 'held-9', fingerprint: 'f' })).kind, 'repeated')
  }),
]
