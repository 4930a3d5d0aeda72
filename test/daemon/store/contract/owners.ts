import * as assert from 'uvu/assert'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, ERROR, storeTest, succeed } from './store-test.js'

export const ownersContract = [
  storeTest('two owners never hold the same job', async ({ store, ofOwner }) => {
    const other = await ofOwner('other')
    await store.accept(Array.from({ length: 40 }, () => newJob()))
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).claim('bulk', 3, 1000)),
    )
    const ids = claims.flatMap(claim => claim.jobs.map(job => job.id))
    assert.is(ids.length, 40)
    assert.is(new Set(ids).size, 40)
  }),

  storeTest(
    'an owner starts, settles and releases none of the jobs of another',
    async ({ store, ofOwner }) => {
      const other = await ofOwner('other')
      const job = newJob({ claimed: true })
      await acceptAll(store, [job])
      await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      const running = await store.get(job.id)
      await other.start(job.id, { attempt: 2, startedAt: 1600, process: null })
      await other.settle(job.id, { kind: 'failed', attempt: 1, finishedAt: 9000, error: ERROR, log: 'late' })
      await other.release([job.id])
      assert.equal(await other.get(job.id), running)
      await store.settle(job.id, { kind: 'succeeded', attempt: 1, finishedAt: 1700, result: '1', log: '' })
      assert.is(await other.result(job.id), '1')
    },
  ),

  storeTest('there is nothing to recover from oneself', async ({ store }) => {
    await acceptAll(store, [newJob(), newJob({ claimed: true })])
    assert.equal(await store.recover(), { claims: 0, interrupted: [] })
    assert.is((await store.claim('bulk', 5, 1000)).jobs.length, 1)
  }),

  storeTest('what an owner that is gone had claimed is given back', async ({ store, ofOwner }) => {
    const process = { pid: 77, startTicks: '12345', bootId: 'boot' }
    const [claimed, running, commanded, done] = Array.from({ length: 4 }, () => newJob({ claimed: true }))
    await acceptAll(store, [claimed!, running!, commanded!, done!, newJob({ lane: 'other' })])
    await store.start(running!.id, { attempt: 1, startedAt: 1500, process: null })
    await store.start(commanded!.id, { attempt: 4, startedAt: 1500, process })
    await succeed(store, done!.id)
    const other = await ofOwner('other')
    assert.equal(await other.recover(), {
      claims: 3,
      interrupted: [
        { id: running!.id, attempt: 1, process: null },
        { id: commanded!.id, attempt: 4, process },
      ],
    })
    const records = await Promise.all([claimed!, running!, commanded!].map(job => other.get(job.id)))
    assert.equal(
      records.map(job => [job?.state, job?.attempt, job?.interruptions]),
      [
        ['waiting', 0, 0],
        ['waiting', 1, 1],
        ['waiting', 4, 1],
      ],
    )
    assert.equal(
      (await other.claim('bulk', 5, 1000)).jobs.map(job => job.id),
      [claimed!.id, running!.id, commanded!.id],
    )
    assert.is((await other.get(done!.id))!.state, 'succeeded')
  }),

  storeTest(
    'what an owner was to cancel is cancelled when it is gone, and its process is told of',
    async ({ store, ofOwner }) => {
      const process = { pid: 77, startTicks: '12345', bootId: 'boot' }
      const [running, claimed, kept] = Array.from({ length: 3 }, () => newJob({ claimed: true }))
      await acceptAll(store, [running!, claimed!, kept!])
      await store.start(running!.id, { attempt: 1, startedAt: 1500, process })
      await store.start(kept!.id, { attempt: 1, startedAt: 1500, process: null })
      for (const { id } of [running!, claimed!]) assert.is(await store.cancel(id, 1600), 'claimed')
      const other = await ofOwner('other')
      const { claims, interrupted } = await other.recover()
      assert.is(claims, 3)
      assert.equal(interrupted[0], { id: running!.id, attempt: 1, process })
      for (const { id } of [running!, claimed!]) {
        const { state, finishedAt, error } = (await other.get(id))!
        assert.equal([state, finishedAt, error?.code], ['cancelled', 1600, 'ERR_TASK_CANCELED'])
      }
      assert.equal(
        (await other.claim('bulk', 5, 2000)).jobs.map(job => job.id),
        [kept!.id],
      )
      // Once: what is tried anew is not what was to be cancelled.
      assert.is(await other.retry(running!.id, 2000), 'waiting')
      assert.is((await other.claim('bulk', 5, 2000)).jobs.length, 1)
      await (await ofOwner('third')).recover()
      assert.is((await other.get(running!.id))!.state, 'waiting')
    },
  ),

  storeTest('what was to be cancelled is cancelled if it is given back', async ({ store }) => {
    const [running, ended] = Array.from({ length: 2 }, () => newJob({ claimed: true }))
    await acceptAll(store, [running!, ended!])
    for (const { id } of [running!, ended!]) {
      await store.start(id, { attempt: 1, startedAt: 1500, process: null })
      assert.is(await store.cancel(id, 1600), 'claimed')
    }
    await store.release([running!.id])
    await succeed(store, ended!.id)
    assert.is((await store.get(running!.id))!.state, 'cancelled')
    assert.is((await store.get(ended!.id))!.state, 'succeeded')
  }),

  storeTest(
    'waiting jobs of lanes that are gone are moved to lanes that are there',
    async ({ store, ofOwner }) => {
      const [stays, moves, nameless, held] = [
        newJob({ lane: 'bulk' }),
        newJob({ lane: 'gone', name: 'known' }),
        newJob({ lane: 'gone', name: 'unknown' }),
        newJob({ lane: 'gone', name: 'known', claimed: true }),
      ] as const
      const ended = newJob({ lane: 'gone', claimed: true })
      await acceptAll(store, [stays, moves, nameless, held, ended])
      await succeed(store, ended.id)
      const lanes = ['first', 'bulk']
      assert.is(await store.move(lanes, { known: 'bulk' }), 2)
      const laneOf = async ({ id }: { readonly id: string }) => (await store.get(id))?.lane
      assert.equal(await Promise.all([stays, moves, nameless, held, ended].map(laneOf)), [
        'bulk',
        'bulk',
        'first',
        'gone',
        'gone',
      ])
      const other = await ofOwner('other')
      await other.recover()
      assert.is(await other.move(lanes, { known: 'bulk' }), 1)
      assert.equal(
        (await other.claim('bulk', 9, 2000)).jobs.map(({ id }) => id),
        [stays.id, moves.id, held.id],
      )
    },
  ),

  storeTest('a process left behind is told of until its job starts again', async ({ store, ofOwner }) => {
    const process = { pid: 77, startTicks: '12345', bootId: 'boot' }
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    await store.start(job.id, { attempt: 1, startedAt: 1500, process })
    const other = await ofOwner('other')
    const interrupted = [{ id: job.id, attempt: 1, process }]
    assert.equal(await other.recover(), { claims: 1, interrupted })
    assert.equal(await other.recover(), { claims: 0, interrupted })
    await other.claim('bulk', 1, 1000)
    await other.start(job.id, { attempt: 2, startedAt: 1600, process: null })
    assert.equal(await other.recover(), { claims: 0, interrupted: [] })
    assert.is((await other.get(job.id))!.interruptions, 1)
  }),

  storeTest(
    'the late report of an owner whose job was given back changes nothing',
    async ({ store, ofOwner }) => {
      const job = newJob({ claimed: true })
      await acceptAll(store, [job])
      await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      const other = await ofOwner('other')
      await other.recover()
      await other.claim('bulk', 1, 1000)
      await store.settle(job.id, { kind: 'succeeded', attempt: 1, finishedAt: 1700, result: '1', log: '' })
      assert.is((await other.get(job.id))!.state, 'waiting')
      assert.is(await other.result(job.id), null)
    },
  ),
]
