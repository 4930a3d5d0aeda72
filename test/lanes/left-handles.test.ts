// @time-limit 60s
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Bequests } from '#src/lanes/bequests.js'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as parting from './tasks/parting.js'

const test = suite('lanes: handles whose submitter has left')

const STALL_AFTER_MS = 100
const OUTCOMES = ['made', 'no such thing', "task 'value' was cancelled: not wanted"]

const REPLACED = { stallAfter: STALL_AFTER_MS, onStall: 'replace' } as const

const start = (teardown?: 'exits' | 'hangs', work: Partial<typeof REPLACED> = {}) =>
  SchedulerThread.start<typeof parting, 'brief' | 'work' | 'later'>({
    tasks: new URL('./tasks/parting.js', import.meta.url),
    lanes: {
      brief: { ...REPLACED, workerData: teardown },
      work,
      later: {},
    },
  })

/** A scheduler of which a thread has submitted tasks, and has left. */
async function afterLeaving(teardown?: 'exits' | 'hangs') {
  const scheduler = await start(teardown)
  await untilLeft(scheduler, () => scheduler.lanes.brief.run('stallAndSubmit', [10 * STALL_AFTER_MS]))
  return scheduler
}

async function untilLeft(scheduler: Awaited<ReturnType<typeof start>>, stalls: () => Promise<unknown>) {
  const stalled = async () => (await scheduler.stats()).lanes.brief!.stalled
  const held = stalls()
  await eventually('it has been replaced', async () => (await stalled()) === 1)
  await held
  await eventually('its thread has left', async () => (await stalled()) === 0)
}

test('what has become of its tasks is told to whoever asks later', async () => {
  await using scheduler = await afterLeaving()
  const { later } = scheduler.lanes
  assert.equal(await later.run('statesOfKept'), ['DONE', 'FAILED', 'CANCELED'])
  assert.equal(await later.run('outcomesOfKept'), OUTCOMES)
  assert.equal(await later.run('statesOfKept'), ['DONE', 'FAILED', 'CANCELED'])
  assert.is((await scheduler.stats()).strays, 0)
})

test('also to a thread that gets the handles only then', async () => {
  await using scheduler = await afterLeaving()
  assert.equal(await scheduler.lanes.later.run('passKeptOn'), OUTCOMES)
})

test('also to one that waits synchronously', async () => {
  await using scheduler = await afterLeaving()
  assert.is(await scheduler.lanes.later.run('syncOutcomeOfKept'), 'made')
})

test('and the thread with its value has gone: it is told that nobody has it, and of all else as it was', async () => {
  await using scheduler = await afterLeaving()
  const { work, later } = scheduler.lanes
  await reasonOf(work.run('exit', []))
  const [gone, ...others] = await later.run('outcomesOfKept')
  assert.equal([gone, ...others], ["what became of 'value' is not known any more", ...OUTCOMES.slice(1)])
})

test('values that go with it, or have gone before, are told as well', async () => {
  await using scheduler = await start(undefined, REPLACED)
  const { brief, later } = scheduler.lanes
  await untilLeft(scheduler, () => brief.run('leaveAfterAnother', [10 * STALL_AFTER_MS]))
  await eventually('the other has left', async () => (await scheduler.stats()).lanes.work!.stalled === 0)
  assert.equal(await later.run('outcomesOfKept'), ['made here', 'made there'])
})

test('hundreds that have ended within the same moment: not one value is lost', async () => {
  const count = 900
  for (let round = 0; round < 3; round++) {
    await using scheduler = await start()
    const { brief, later } = scheduler.lanes
    await untilLeft(scheduler, () => brief.run('stallAndSubmitMany', [10 * STALL_AFTER_MS, count]))
    assert.equal(
      await later.run('outcomesOfKept'),
      Array.from({ length: count }, (_, n) => String(n)),
    )
  }
})

test('its teardown may hang, or exit', async () => {
  for (const how of ['exits', 'hangs'] as const) {
    await using scheduler = await afterLeaving(how)
    assert.equal(await scheduler.lanes.later.run('outcomesOfKept'), OUTCOMES)
  }
})

test('a value that its submitter has handed over, and that nobody else has, cannot be told', async () => {
  await using scheduler = await start()
  const { brief, work, later } = scheduler.lanes
  const held = newGate()
  const task = brief.submit('handOver', [held])
  await arrived(held, 1)
  await reasonOf(work.run('exit', []))
  assert.equal(await later.run('outcomesOfKept'), ['result.bytes cannot be cloned to another thread'])
  openGate(held)
  await task.result()
})

const OUTCOME = { state: 5, value: 'an encoded error', started: 1, ended: 2 }
const bequest = (sequence: number, holders: readonly (readonly [number, number])[], thread = 0) => ({
  sequence,
  thread,
  outcome: thread === 0 ? OUTCOME : null,
  holders,
})
const gone = (holder: number) => ({ type: 'holder-gone', holder }) as const

function answering() {
  const answers: unknown[] = []
  const note = (...answer: unknown[]): void => void answers.push(answer)
  const bequests = new Bequests({ outcome: note, done: note, forget: note })
  return { bequests, answers }
}

test('a value is to be had from the thread that made it, for as long as anybody has the handle', () => {
  const { bequests, answers } = answering()
  const name = { owner: 5, sequence: 1 }
  bequests.expect(5)
  bequests.fill(5, [bequest(1, [[8, 1]], 3)])
  bequests.receive(5, { type: 'watched', sequence: 1, watcher: 8 })
  assert.equal(answers, [[8, name, 3]])
  bequests.receive(5, { type: 'fetched', sequence: 1, watcher: 8 })
  assert.equal(answers[1], [8, name, null], 'that thread has not got it any more')
  bequests.threadGone(gone(8))
  assert.equal(answers[2], [3, name])
  assert.is(bequests.size, 0)
})

test('what comes between the word that it leaves and what it leaves is kept, and then answered in its order', () => {
  const { bequests, answers } = answering()
  assert.not(
    bequests.receive(5, { type: 'watched', sequence: 1, watcher: 8 }),
    'it has not said that it leaves',
  )
  bequests.expect(5)
  assert.ok(bequests.receive(5, { type: 'watched', sequence: 1, watcher: 8 }))
  assert.ok(bequests.receive(5, { type: 'held', sequence: 2, holder: 9, change: 1 }))
  assert.ok(bequests.receive(5, { type: 'held', sequence: 2, holder: 8, change: -1 }))
  assert.equal(answers, [])
  bequests.fill(5, [bequest(1, [[8, 1]]), bequest(2, [[8, 1]])])
  assert.equal(answers, [[8, { owner: 5, sequence: 1 }, OUTCOME]])
  assert.is(bequests.size, 2, 'the thread 9 has a handle of the second')
  bequests.receive(5, { type: 'fetched', sequence: 3, watcher: 9 })
  assert.equal(answers.at(-1), [9, { owner: 5, sequence: 3 }, null], 'of this one nobody had a handle')
})

test('nothing is kept of what nobody has a handle of any more', () => {
  const { bequests } = answering()
  bequests.expect(5)
  const holders = [
    [8, 2],
    [9, 1],
  ] as const
  bequests.fill(5, [bequest(1, holders), bequest(2, [[9, 1]])])
  bequests.threadGone(gone(5))
  bequests.threadGone(gone(9))
  assert.is(bequests.size, 1)
  bequests.receive(5, { type: 'held', sequence: 1, holder: 8, change: -2 })
  assert.is(bequests.size, 0)
  assert.not(bequests.receive(5, { type: 'watched', sequence: 1, watcher: 8 }))
})

test('one given back before it is known to have been lent is kept until that is known', () => {
  const { bequests } = answering()
  bequests.expect(5)
  bequests.fill(5, [bequest(1, [[8, 1]])])
  bequests.receive(5, { type: 'held', sequence: 1, holder: 9, change: -1 })
  bequests.receive(5, { type: 'held', sequence: 1, holder: 8, change: -1 })
  assert.is(bequests.size, 1)
  bequests.receive(5, { type: 'held', sequence: 1, holder: 9, change: 1 })
  assert.is(bequests.size, 0)
})

test('one that dies before it has left anything has not left anything', () => {
  const { bequests, answers } = answering()
  bequests.expect(5)
  bequests.receive(5, { type: 'watched', sequence: 1, watcher: 8 })
  bequests.threadGone(gone(5))
  assert.equal(answers, [], 'whoever waits is told of the death')
  assert.not(bequests.tell(8, { owner: 5, sequence: 1 }))
  assert.not(bequests.receive(5, { type: 'fetched', sequence: 1, watcher: 8 }))
})

test.run()
