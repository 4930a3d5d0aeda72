import * as assert from 'uvu/assert'
import type { QueueStretch } from '#daemon/store/job-store.js'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, ERROR, storeTest, succeed } from './store-test.js'

function summed(profile: readonly QueueStretch[]): { count: number; cost: number } {
  return profile.reduce((sum, part) => ({ count: sum.count + part.count, cost: sum.cost + part.cost }), {
    count: 0,
    cost: 0,
  })
}

export const estimatesContract = [
  storeTest('a profile tells what waits in a lane, most urgent first', async ({ store }) => {
    await acceptAll(store, [
      newJob({ cost: 2 }),
      newJob({ cost: 0.5 }),
      newJob({ name: 'other' }),
      newJob({ priority: 9 }),
      newJob({ lane: 'urgent' }),
      newJob({ dueAt: 9000 }),
    ])
    const profile = await store.profile('bulk', 2000)
    assert.equal(
      profile.map(({ name, priority, count, cost }) => ({ name, priority, count, cost })),
      [
        { name: 'report', priority: 9, count: 1, cost: 1 },
        { name: 'report', priority: 0, count: 2, cost: 2.5 },
        { name: 'other', priority: 0, count: 1, cost: 1 },
      ],
    )
    const [first, , last] = (await store.list({ limit: 10, order: 'oldest', now: 2000 })).jobs
    assert.is(profile[1]!.firstSequence, first!.sequence)
    assert.is(profile[2]!.lastSequence, last!.sequence)
    assert.is(summed(await store.profile('bulk', 9000)).count, 5)
    assert.equal(await store.profile('none', 2000), [])
  }),

  storeTest('a profile of costs beyond all sense still has a sum', async ({ store }) => {
    await acceptAll(store, [newJob({ cost: 1e308 }), newJob({ cost: 1e308 }), newJob({ cost: 1e308 })])
    const { count, cost } = summed(await store.profile('bulk', 2000))
    assert.is(count, 3)
    assert.ok(Number.isFinite(cost) && cost > 1e200, `${cost}`)
  }),

  storeTest(
    'a profile leaves out the claimed, the started, the settled and the cancelled',
    async ({ store }) => {
      const [claimed, started, settled, cancelled] = Array.from({ length: 4 }, (_, index) =>
        newJob({ claimed: index < 3 }),
      )
      await acceptAll(store, [claimed!, started!, settled!, cancelled!])
      await store.start(started!.id, { attempt: 1, startedAt: 1500, process: null })
      await succeed(store, settled!.id)
      await store.cancel(cancelled!.id, 1500)
      assert.equal(await store.profile('bulk', 2000), [])
      await store.release([claimed!.id])
      assert.is(summed(await store.profile('bulk', 2000)).count, 1)
    },
  ),

  storeTest('a profile of many jobs stays short and adds up', async ({ store }) => {
    const jobs = Array.from({ length: 5000 }, (_, index) =>
      newJob({ priority: index, name: `job-${index % 3}` }),
    )
    await store.accept(jobs)
    const profile = await store.profile('bulk', 2000)
    assert.ok(profile.length <= 600, `${profile.length} stretches`)
    assert.equal(summed(profile), { count: 5000, cost: 5000 })
  }),

  storeTest('durations are the latest successes of each name, newest first', async ({ store }) => {
    const jobs = ['a', 'a', 'b', 'a', 'c', 'd'].map((name, index) =>
      newJob({ name, cost: index, claimed: true }),
    )
    await acceptAll(store, jobs)
    for (const [index, job] of jobs.slice(0, 4).entries()) {
      await succeed(store, job.id, { startedAt: 2000, finishedAt: 3000 + 10 * index })
    }
    await store.start(jobs[4]!.id, { attempt: 1, startedAt: 2000, process: null })
    await store.settle(jobs[4]!.id, { kind: 'failed', attempt: 1, finishedAt: 2100, error: ERROR, log: '' })
    assert.equal(await store.durations(2), [
      { name: 'a', duration: 1030, cost: 3 },
      { name: 'b', duration: 1020, cost: 2 },
      { name: 'a', duration: 1010, cost: 1 },
    ])
    assert.is((await store.durations(10)).length, 4)
  }),
]
