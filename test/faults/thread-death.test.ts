import { LaneError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as killers from './tasks/thread-killers.js'
import { Witness } from './witness.js'

const test = suite('faults: a thread that dies')

const tasks = new URL('./tasks/thread-killers.js', import.meta.url)

test('process.exit(n) in a task', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed' | 'other'>({
    tasks,
    lanes: { doomed: { concurrency: 8 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { doomed } = witness.lanes
  const gate = newGate()
  const before = await doomed.run('thread')
  const neighbour = doomed.submit('wait', [gate])
  await arrived(gate)

  const answered = doomed.submit('echo', ['answered'])
  const killer = doomed.submit('exit', [7])
  const waiting = Array.from({ length: 100 }, (_, i) => doomed.submit('echo', [i]))

  for (const task of [killer, neighbour]) {
    const error = await rejectionOf(task.result(), LaneError)
    assert.is(error.code, 'ERR_LANE_EXITED')
    assert.is(error.exitCode, 7)
    assert.is(error.lane, 'doomed')
    assert.is(task.state, 'FAILED')
  }
  assert.is(await answered.result(), 'answered')
  assert.equal(
    await Promise.all(waiting.map(task => task.result())),
    waiting.map((_, i) => i),
  )
  assert.is.not(await doomed.run('thread'), before)
  await witness.kept()
  const { lanes } = await scheduler.stats()
  assert.is(lanes.doomed?.restarts, 1)
  assert.is(lanes.doomed?.threads, 1)
})

test('process.exit(n) in a task: also after an await, and with 0', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed'>({
    tasks,
    lanes: { doomed: {} },
  })
  const { doomed } = scheduler.lanes
  for (const code of [0, 3]) {
    const error = await rejectionOf(doomed.run('exitLater', [code]), LaneError)
    assert.is(error.code, 'ERR_LANE_EXITED')
    assert.is(error.exitCode, code)
  }
  assert.is(await doomed.run('echo', ['alive']), 'alive')
})

test('process.exit(n) in a task: also where the thread takes its time to be gone', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed'>({
    tasks,
    lanes: { doomed: {} },
  })
  const error = await rejectionOf(scheduler.lanes.doomed.run('exitSlowly', [7]), LaneError)
  assert.is(error.code, 'ERR_LANE_EXITED')
  assert.is(error.exitCode, 7)
})

test('process.exit(n) in a task: an idempotent one is started three times in all', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed'>({
    tasks,
    lanes: { doomed: {} },
  })
  const gate = newGate()
  const killer = scheduler.lanes.doomed.submit('markAndExit', [gate], { idempotent: true })
  const error = await rejectionOf(killer.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_EXITED')
  assert.is(arrivals(gate), 3)
})

test('heap exhausted by many small arrays', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'small' | 'other'>({
    tasks,
    lanes: { small: { resourceLimits: { maxOldGenerationSizeMb: 32 } }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { small } = witness.lanes
  const error = await rejectionOf(small.run('exhaustHeap'), LaneError)
  assert.is(error.code, 'ERR_LANE_OOM')
  assert.is(error.lane, 'small')
  assert.is(await small.run('echo', ['alive']), 'alive')
  await witness.kept()
})

test('stack overflow in a task', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'a' | 'other'>({
    tasks,
    lanes: { a: {}, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const before = await a.run('thread')
  await rejectionOf(a.run('overflow'), RangeError)
  assert.is(await a.run('thread'), before)
  await witness.kept()
})

test('a crash loop', async () => {
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed' | 'other'>({
    tasks,
    lanes: { doomed: { restart: { max: 2, within: 120_000 } }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { doomed } = witness.lanes
  for (let loss = 0; loss < 2; loss++) {
    assert.is((await rejectionOf(doomed.run('exit', [1]), LaneError)).code, 'ERR_LANE_EXITED')
  }
  const last = doomed.submit('exit', [1])
  const waiting = Array.from({ length: 10 }, () => doomed.submit('echo', ['never']))
  assert.is((await rejectionOf(last.result(), LaneError)).code, 'ERR_LANE_EXITED')
  for (const task of waiting) {
    const error = await rejectionOf(task.result(), LaneError)
    assert.is(error.code, 'ERR_LANE_FAILED')
    assert.instance(error.cause, LaneError)
  }
  assert.is(thrownBy(() => doomed.submit('echo', [1]), LaneError).code, 'ERR_LANE_FAILED')
  assert.is((await rejectionOf(doomed.run('echo', [1]), LaneError)).code, 'ERR_LANE_FAILED')
  await witness.kept({ failed: ['doomed'] })
  await eventually('no thread is left', async () => (await scheduler.stats()).lanes.doomed?.threads === 0)
})

test.run()
