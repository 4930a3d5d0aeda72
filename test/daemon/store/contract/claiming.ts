import * as assert from 'uvu/assert'
import type { Claim } from '#daemon/store/job-store.js'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, ERROR, storeTest } from './store-test.js'

function idsOf(claim: Claim): readonly string[] {
  return claim.jobs.map(job => job.id)
}

export const claimingContract = [
  storeTest('an empty lane has nothing to claim', async ({ store }) => {
    assert.equal(await store.claim('bulk', 10, 1000), { jobs: [], more: false, nextDueAt: null })
  }),

  storeTest('jobs are claimed by priority, then by arrival', async ({ store }) => {
    const jobs = [0, 5, 0, 1_000_000, 5].map(priority => newJob({ priority }))
    await acceptAll(store, jobs)
    const claim = await store.claim('bulk', 10, 1000)
    assert.equal(
      idsOf(claim),
      [3, 1, 4, 0, 2].map(index => jobs[index]!.id),
    )
    assert.is(claim.more, false)
  }),

  storeTest('a claim has the record and the input of each job', async ({ store }) => {
    const job = newJob({ input: '[1]' })
    await acceptAll(store, [job])
    const record = await store.get(job.id)
    const claim = await store.claim('bulk', 1, 1000)
    assert.equal(claim.jobs, [{ ...record, input: '[1]' }])
    assert.equal(await store.get(job.id), record)
  }),

  storeTest('a claim takes no more than its limit and tells whether more are due', async ({ store }) => {
    await acceptAll(
      store,
      Array.from({ length: 5 }, () => newJob()),
    )
    const first = await store.claim('bulk', 2, 1000)
    const second = await store.claim('bulk', 3, 1000)
    assert.equal([first.jobs.length, first.more], [2, true])
    assert.equal([second.jobs.length, second.more], [3, false])
    assert.is(new Set([...idsOf(first), ...idsOf(second)]).size, 5)
    assert.is((await store.claim('bulk', 3, 1000)).jobs.length, 0)
  }),

  storeTest('lanes do not see one another', async ({ store }) => {
    const [urgent, bulk] = [newJob({ lane: 'urgent' }), newJob({ lane: 'bulk', dueAt: 5000 })]
    await acceptAll(store, [urgent, bulk])
    assert.equal(await store.claim('urgent', 5, 1000), {
      jobs: [{ ...(await store.get(urgent.id)), input: null }],
      more: false,
      nextDueAt: null,
    })
    assert.equal(await store.claim('bulk', 5, 1000), { jobs: [], more: false, nextDueAt: 5000 })
  }),

  storeTest('a job is not claimed before it is due, and then in its turn', async ({ store }) => {
    const later = newJob({ dueAt: 5000, priority: 9 })
    const latest = newJob({ dueAt: 7000 })
    const now = newJob()
    await acceptAll(store, [later, latest, now])
    const first = await store.claim('bulk', 10, 4999.5)
    assert.equal([idsOf(first), first.more, first.nextDueAt], [[now.id], false, 5000])
    await acceptAll(store, [newJob({ acceptedAt: 4000 })])
    const second = await store.claim('bulk', 1, 5000)
    assert.equal([idsOf(second), second.more, second.nextDueAt], [[later.id], true, 7000])
  }),

  storeTest('a job found due is not claimed once the clock was put back', async ({ store }) => {
    const [first, second] = [newJob({ acceptedAt: 5000 }), newJob({ acceptedAt: 100 })]
    await acceptAll(store, [first, second])
    const claim = await store.claim('bulk', 1, 200)
    assert.equal([idsOf(claim), claim.more, claim.nextDueAt], [[second.id], false, 5000])
    assert.equal(idsOf(await store.claim('bulk', 1, 5000)), [first.id])
  }),

  storeTest('a job accepted as claimed is claimed by nobody else', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    assert.is((await store.claim('bulk', 5, 1000)).jobs.length, 0)
    assert.is(await store.cancel(job.id, 1000), 'claimed')
  }),

  storeTest('claims at the same time never share a job', async ({ store }) => {
    await store.accept(Array.from({ length: 100 }, () => newJob()))
    const claims = await Promise.all(Array.from({ length: 30 }, () => store.claim('bulk', 4, 1000)))
    const ids = claims.flatMap(idsOf)
    assert.is(ids.length, 100)
    assert.is(new Set(ids).size, 100)
  }),

  storeTest('a released job is claimed again in its turn, as if it had not been', async ({ store }) => {
    const jobs = [newJob(), newJob()]
    await acceptAll(store, jobs)
    const before = await store.get(jobs[0]!.id)
    await store.claim('bulk', 1, 1000)
    await store.release([jobs[0]!.id])
    assert.equal(await store.get(jobs[0]!.id), before)
    assert.equal(
      idsOf(await store.claim('bulk', 5, 1000)),
      jobs.map(job => job.id),
    )
  }),

  storeTest('a released job that had started counts neither attempt nor interruption', async ({ store }) => {
    const job = newJob()
    await acceptAll(store, [job])
    await store.claim('bulk', 1, 1000)
    await store.start(job.id, { attempt: 1, startedAt: 1100, process: null })
    await store.release([job.id])
    const { state, attempt, interruptions } = (await store.get(job.id))!
    assert.equal({ state, attempt, interruptions }, { state: 'waiting', attempt: 0, interruptions: 0 })
    assert.equal(idsOf(await store.claim('bulk', 1, 2000)), [job.id])
  }),

  storeTest('releasing what is unknown, unclaimed or final changes nothing', async ({ store }) => {
    const [waiting, final] = [newJob({ dueAt: 9000 }), newJob({ dueAt: 9000 })]
    await acceptAll(store, [waiting, final])
    await store.cancel(final.id, 1000)
    const before = [await store.get(waiting.id), await store.get(final.id)]
    await store.release([waiting.id, final.id, newJob().id])
    await store.release([])
    assert.equal([await store.get(waiting.id), await store.get(final.id)], before)
  }),

  storeTest('a job that is to run again is claimed when that is due', async ({ store }) => {
    const job = newJob()
    await acceptAll(store, [job])
    await store.claim('bulk', 1, 1000)
    await store.settle(job.id, {
      kind: 'again',
      attempt: 1,
      dueAt: 8000,
      error: ERROR,
      interrupted: false,
      log: '',
    })
    const early = await store.claim('bulk', 1, 7999)
    assert.equal([early.jobs.length, early.nextDueAt], [0, 8000])
    assert.equal(idsOf(await store.claim('bulk', 1, 8000)), [job.id])
  }),
]
