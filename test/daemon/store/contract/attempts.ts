import * as assert from 'uvu/assert'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, ERROR, storeTest, succeed } from './store-test.js'

export const attemptsContract = [
  storeTest('a started job runs, a succeeded one has its result and its log', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    await store.start(job.id, { attempt: 1, startedAt: 1500.5, process: null })
    const running = (await store.get(job.id))!
    assert.equal([running.state, running.attempt, running.startedAt], ['running', 1, 1500.5])
    await store.settle(job.id, {
      kind: 'succeeded',
      attempt: 1,
      finishedAt: 1700,
      result: '{"total":3}',
      log: 'one\ntwo\n',
    })
    assert.equal(await store.get(job.id), { ...running, state: 'succeeded', finishedAt: 1700 })
    assert.is(await store.result(job.id), '{"total":3}')
    assert.is(await store.log(job.id), 'one\ntwo\n')
  }),

  storeTest(
    'what a job was given, returned, printed and failed with is whole, whatever is in it',
    async ({ store }) => {
      const text = '\ufeffa\0b\u{1f600}\0\n'
      const json = JSON.stringify(text)
      for (const log of [text, '\0', '\n']) {
        const [good, bad] = [newJob({ claimed: true, input: json }), newJob({ claimed: true })]
        await acceptAll(store, [good, bad])
        await succeed(store, good.id, { result: json, log })
        assert.is(await store.input(good.id), json)
        assert.is(await store.result(good.id), json)
        assert.is(await store.log(good.id), log)
        const error = { name: text, message: text, code: text, stack: text }
        await store.start(bad.id, { attempt: 1, startedAt: 1500, process: null })
        await store.settle(bad.id, { kind: 'failed', attempt: 1, finishedAt: 1700, error, log })
        assert.equal((await store.get(bad.id))?.error, error)
        assert.is(await store.log(bad.id), log)
      }
    },
  ),

  storeTest(
    'a job that fails, times out or is cancelled keeps its error and no result',
    async ({ store }) => {
      for (const kind of ['failed', 'timed_out', 'cancelled'] as const) {
        const job = newJob({ claimed: true })
        await acceptAll(store, [job])
        await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
        await store.settle(job.id, { kind, attempt: 1, finishedAt: 1700, error: ERROR, log: 'tail' })
        const { state, finishedAt, error } = (await store.get(job.id))!
        assert.equal({ state, finishedAt, error }, { state: kind, finishedAt: 1700, error: ERROR })
        assert.is(await store.result(job.id), null)
        assert.is(await store.log(job.id), 'tail')
      }
    },
  ),

  storeTest(
    'a job that waits for its next attempt keeps the error and the log of the last',
    async ({ store }) => {
      const job = newJob()
      await acceptAll(store, [job])
      await store.claim('bulk', 1, 1000)
      await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      const again = { kind: 'again', attempt: 1, dueAt: 4000, error: ERROR, log: 'first' } as const
      await store.settle(job.id, { ...again, interrupted: true })
      const waiting = (await store.get(job.id))!
      assert.equal(
        [waiting.state, waiting.attempt, waiting.interruptions, waiting.dueAt, waiting.scheduledAt],
        ['waiting', 1, 1, 4000, 1000],
      )
      assert.equal(waiting.error, ERROR)
      assert.is(waiting.finishedAt, null)
      assert.is(await store.log(job.id), 'first')
      await store.claim('bulk', 1, 4000)
      await store.start(job.id, { attempt: 2, startedAt: 4100, process: null })
      const running = (await store.get(job.id))!
      assert.equal([running.attempt, running.startedAt, running.error], [2, 4100, null])
      await store.settle(job.id, { ...again, attempt: 2, interrupted: false })
      assert.is((await store.get(job.id))!.interruptions, 1)
    },
  ),

  storeTest(
    'an end said again, after the job was claimed for its next attempt, changes nothing',
    async ({ store }) => {
      const job = newJob({ claimed: true })
      await acceptAll(store, [job])
      await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      const again = {
        kind: 'again',
        attempt: 1,
        dueAt: 2000,
        error: ERROR,
        log: '',
        interrupted: true,
      } as const
      await store.settle(job.id, again)
      await store.claim('bulk', 1, 2000)
      await store.settle(job.id, again)
      assert.is((await store.get(job.id))!.interruptions, 1)
      assert.equal((await store.claim('bulk', 1, 2000)).jobs, [], 'it is still claimed')
    },
  ),

  storeTest('a start said again replaces what was recorded', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    const process = { pid: 7, startTicks: '12', bootId: 'b' }
    await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
    await store.start(job.id, { attempt: 1, startedAt: 1501, process })
    const { state, attempt, startedAt } = (await store.get(job.id))!
    assert.equal({ state, attempt, startedAt }, { state: 'running', attempt: 1, startedAt: 1501 })
  }),

  storeTest('a final job stays as it is', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    await succeed(store, job.id, { result: '1', log: 'first' })
    const final = await store.get(job.id)
    await store.settle(job.id, { kind: 'failed', attempt: 1, finishedAt: 9000, error: ERROR, log: 'late' })
    await store.start(job.id, { attempt: 2, startedAt: 9000, process: null })
    assert.equal(await store.get(job.id), final)
    assert.is(await store.result(job.id), '1')
    assert.is(await store.log(job.id), 'first')
    assert.is(await store.cancel(job.id, 9000), 'finished')
  }),

  storeTest('a job nobody has claimed is neither started nor settled', async ({ store }) => {
    const job = newJob()
    await acceptAll(store, [job])
    const before = await store.get(job.id)
    await succeed(store, job.id)
    assert.equal(await store.get(job.id), before)
  }),

  storeTest('a report of an older attempt changes nothing', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    await store.start(job.id, { attempt: 2, startedAt: 1500, process: null })
    const running = await store.get(job.id)
    await store.settle(job.id, { kind: 'failed', attempt: 1, finishedAt: 9000, error: ERROR, log: 'late' })
    assert.equal(await store.get(job.id), running)
  }),

  storeTest('a waiting job is cancelled, and is not claimed afterwards', async ({ store }) => {
    const [due, later] = [newJob(), newJob({ dueAt: 9000 })]
    await acceptAll(store, [due, later])
    for (const { id } of [due, later]) {
      assert.is(await store.cancel(id, 1200), 'cancelled')
      const { state, finishedAt, error } = (await store.get(id))!
      assert.equal([state, finishedAt, error?.code], ['cancelled', 1200, 'ERR_TASK_CANCELED'])
      assert.is(error?.name, 'TaskCanceledError')
      assert.is(await store.cancel(id, 1300), 'finished')
    }
    assert.equal(await store.claim('bulk', 5, 99_000), { jobs: [], more: false, nextDueAt: null })
  }),

  storeTest(
    'a claimed or running job is for its owner to cancel; an unknown one is unknown',
    async ({ store }) => {
      const job = newJob()
      await acceptAll(store, [job])
      await store.claim('bulk', 1, 1000)
      assert.is(await store.cancel(job.id, 1200), 'claimed')
      await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
      assert.is(await store.cancel(job.id, 1600), 'claimed')
      assert.is((await store.get(job.id))!.state, 'running')
      assert.is(await store.cancel(newJob().id, 1600), 'unknown')
    },
  ),

  storeTest('a claim and a cancel at the same time: one of them has the job', async ({ store }) => {
    const jobs = Array.from({ length: 20 }, () => newJob())
    await store.accept(jobs)
    const [claim, cancelled] = await Promise.all([
      store.claim('bulk', 10, 1000),
      Promise.all(jobs.slice(5, 15).map(job => store.cancel(job.id, 1100))),
    ])
    const claimed = new Set(claim.jobs.map(job => job.id))
    cancelled.forEach((answer, index) => {
      assert.is(answer, claimed.has(jobs[index + 5]!.id) ? 'claimed' : 'cancelled')
    })
  }),

  storeTest('a job that did not succeed is set to run again, as if new', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    await store.start(job.id, { attempt: 3, startedAt: 1500, process: null })
    await store.settle(job.id, { kind: 'failed', attempt: 3, finishedAt: 1700, error: ERROR, log: 'tail' })
    assert.is(await store.retry(job.id, 5000), 'waiting')
    const { state, attempt, interruptions, dueAt, scheduledAt, startedAt, finishedAt, error } =
      (await store.get(job.id))!
    assert.equal([state, attempt, interruptions, dueAt, scheduledAt], ['waiting', 0, 0, 5000, 1000])
    assert.equal([startedAt, finishedAt, error], [null, null, null])
    assert.equal((await store.claim('bulk', 5, 4999)).nextDueAt, 5000)
    assert.is((await store.claim('bulk', 5, 5000)).jobs[0]?.id, job.id)
    await succeed(store, job.id, { startedAt: 5100, finishedAt: 5200, result: '2' })
    assert.is(await store.result(job.id), '2')
  }),

  storeTest('a job is not set to run again before its end, nor after a success', async ({ store }) => {
    const job = newJob({ claimed: true })
    await acceptAll(store, [job])
    assert.is(await store.retry(job.id, 5000), 'unfinished')
    await store.start(job.id, { attempt: 1, startedAt: 1500, process: null })
    assert.is(await store.retry(job.id, 5000), 'unfinished')
    await store.settle(job.id, { kind: 'succeeded', attempt: 1, finishedAt: 1700, result: null, log: '' })
    assert.is(await store.retry(job.id, 5000), 'succeeded')
    assert.is(await store.retry(newJob().id, 5000), 'unknown')
  }),
]
