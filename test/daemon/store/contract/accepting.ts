import * as assert from 'uvu/assert'
import type { Acceptance } from '#daemon/store/job-store.js'
import { newJob } from '../../../support/daemon/new-job.js'
import { acceptAll, storeTest } from './store-test.js'

function sequencesOf(acceptance: Acceptance): readonly number[] {
  assert.is(acceptance.kind, 'accepted')
  return acceptance.kind === 'accepted' ? acceptance.sequences : []
}

export const acceptingContract = [
  storeTest('an accepted job is kept with all that it came with', async ({ store }) => {
    const job = newJob({ priority: 7, cost: 2.5, input: '{"a":"ü\\u0000"}', source: 'queue', dueAt: 9000.25 })
    const [sequence] = sequencesOf(await store.accept([job]))
    const { claimed: _, input, ...kept } = job
    assert.equal(await store.get(job.id), {
      ...kept,
      sequence,
      state: 'waiting',
      attempt: 0,
      interruptions: 0,
      scheduledAt: 9000.25,
      startedAt: null,
      finishedAt: null,
      error: null,
    })
    assert.is(await store.input(job.id), input)
    assert.is(await store.result(job.id), null)
    assert.is(await store.log(job.id), '')
  }),

  storeTest('an unknown id has no job, input, result or log', async ({ store }) => {
    for (const id of [newJob().id, '', "'; DROP TABLE jobs; --"]) {
      assert.is(await store.get(id), undefined)
      assert.is(await store.input(id), undefined)
      assert.is(await store.result(id), undefined)
      assert.is(await store.log(id), undefined)
    }
  }),

  storeTest('sequences grow from job to job and from call to call', async ({ store }) => {
    const first = sequencesOf(await store.accept([newJob(), newJob(), newJob()]))
    const second = sequencesOf(await store.accept([newJob(), newJob()]))
    const all = [...first, ...second]
    assert.equal(
      all,
      [...all].sort((a, b) => a - b),
    )
    assert.is(new Set(all).size, 5)
  }),

  storeTest('sequences grow past those of forgotten jobs', async ({ store }) => {
    const job = newJob()
    const [before] = sequencesOf(await store.accept([job]))
    await store.cancel(job.id, 2000)
    assert.is(await store.sweep(5000, 0, 10), 1)
    const [after] = sequencesOf(await store.accept([newJob()]))
    assert.ok(after! > before!)
  }),

  storeTest('an empty group is accepted', async ({ store }) => {
    assert.equal(sequencesOf(await store.accept([])), [])
  }),

  storeTest('accepting the same jobs again answers the same', async ({ store }) => {
    const group = [newJob(), newJob({ claimed: true })]
    const key = { key: 'k', fingerprint: 'f' }
    assert.equal(await store.accept(group, key), await store.accept(group, key))
    assert.equal(await store.accept(group), await store.accept(group))
    assert.is((await store.list({ limit: 10, order: 'oldest', now: 2000 })).jobs.length, 2)
  }),

  storeTest('a key used again answers the ids of the first call, and keeps nothing', async ({ store }) => {
    const first = [newJob(), newJob()]
    await store.accept(first, { key: 'k', fingerprint: 'f' })
    const second = newJob()
    assert.equal(await store.accept([second], { key: 'k', fingerprint: 'f' }), {
      kind: 'repeated',
      ids: first.map(job => job.id),
    })
    assert.is(await store.get(second.id), undefined)
    assert.is((await store.accept([second], { key: 'another', fingerprint: 'f' })).kind, 'accepted')
  }),

  storeTest('all of a key and of a fingerprint counts, whatever is in it', async ({ store }) => {
    const job = newJob()
    await store.accept([job], { key: 'k\0one', fingerprint: 'f\0one' })
    const repeated = { kind: 'repeated', ids: [job.id] }
    assert.equal(await store.accept([newJob()], { key: 'k\0one', fingerprint: 'f\0one' }), repeated)
    assert.is((await store.accept([newJob()], { key: 'k\0one', fingerprint: 'f\0two' })).kind, 'conflict')
    assert.is((await store.accept([newJob()], { key: 'k\0two', fingerprint: 'f\0one' })).kind, 'accepted')
  }),

  storeTest('a key used for another request is a conflict, and keeps nothing', async ({ store }) => {
    await store.accept([newJob()], { key: 'k', fingerprint: 'f' })
    const job = newJob()
    assert.equal(await store.accept([job], { key: 'k', fingerprint: 'g' }), { kind: 'conflict' })
    assert.is(await store.get(job.id), undefined)
  }),

  storeTest('of many calls with one key at the same time one is accepted', async ({ store }) => {
    const groups = Array.from({ length: 20 }, () => [newJob()])
    const key = { key: 'k', fingerprint: 'f' }
    const answers = await Promise.all(groups.map(group => store.accept(group, key)))
    const accepted = answers.findIndex(answer => answer.kind === 'accepted')
    const ids = groups[accepted]!.map(job => job.id)
    answers.forEach((answer, index) => {
      if (index !== accepted) assert.equal(answer, { kind: 'repeated', ids })
    })
    assert.is((await store.list({ limit: 100, order: 'oldest', now: 2000 })).jobs.length, 1)
  }),

  storeTest('jobs accepted at the same time arrive in the order of the calls', async ({ store }) => {
    const jobs = Array.from({ length: 50 }, () => newJob())
    const answers = await Promise.all(jobs.map(job => store.accept([job])))
    const sequences = answers.flatMap(sequencesOf)
    assert.equal(
      sequences,
      [...sequences].sort((a, b) => a - b),
    )
    const listed = await store.list({ limit: 100, order: 'oldest', now: 2000 })
    assert.equal(
      listed.jobs.map(job => job.id),
      jobs.map(job => job.id),
    )
  }),

  storeTest('a group of thousands is accepted as a whole', async ({ store }) => {
    const group = Array.from({ length: 6000 }, () => newJob())
    assert.is(sequencesOf(await store.accept(group)).length, 6000)
    assert.equal(await store.counts(2000), [{ lane: 'bulk', state: 'queued', count: 6000 }])
  }),

  storeTest('names, lanes and texts may hold anything', async ({ store }) => {
    const odd = 'ünï\u{1f600}\'"; <b>%_\n'
    const job = newJob({ name: odd, lane: odd, input: odd })
    await acceptAll(store, [job])
    const { jobs } = await store.claim(odd, 1, 1000)
    assert.is(jobs[0]?.input, odd)
    assert.is(jobs[0]?.name, odd)
    assert.equal(await store.counts(1000), [{ lane: odd, state: 'queued', count: 1 }])
  }),

  storeTest('it says that it can keep jobs', async ({ store }) => {
    await store.probe()
  }),
]
