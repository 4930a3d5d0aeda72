import { LaneError, SchedulerThread, TaskCanceledError, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as holders from './tasks/loop-holders.js'
import { Witness } from './witness.js'

const test = suite('faults: a task that holds the loop')

const tasks = new URL('./tasks/loop-holders.js', import.meta.url)

test('endless synchronous loop with a `timeout`', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'held' | 'other'>({
    tasks,
    lanes: { held: { grace: 50 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { held } = witness.lanes
  const before = await held.run('thread')
  const gate = newGate()
  const loop = held.submit('spin', [gate], { timeout: 150 })
  const waiting = held.submit('echo', ['moved'])
  await arrived(gate)
  const error = await rejectionOf(loop.result(), TaskTimeoutError)
  assert.is(error.code, 'ERR_TASK_TIMEOUT')
  assert.is(error.limit, 'timeout')
  assert.is(loop.state, 'TIMED_OUT')
  assert.is(await waiting.result(), 'moved')
  assert.is.not(await held.run('thread'), before)
  await witness.kept()
  assert.is((await scheduler.stats()).lanes.held?.restarts, 1)
})

test('endless synchronous loop with a `timeout`: after a shorter limit on another lane has ended another task', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'held' | 'other'>({
    tasks,
    lanes: { held: { grace: 50 }, other: {} },
  })
  const { held, other } = scheduler.lanes
  await held.run('echo', ['soon done'], { timeout: 1_000 })
  const gate = newGate()
  await rejectionOf(other.run('wait', [gate], { timeout: 50 }), TaskTimeoutError)
  const loop = held.submit('spin', [newGate()], { timeout: 1_100 })
  const waiting = held.submit('echo', ['moved'])
  assert.is((await rejectionOf(loop.result(), TaskTimeoutError)).limit, 'timeout')
  assert.is(await waiting.result(), 'moved')
  openGate(gate)
})

test('endless synchronous loop with a `timeout`: with main parked', async () => {
  const starts = newGate()
  await using scheduler = await SchedulerThread.start<typeof holders, 'held'>({
    tasks,
    lanes: { held: { grace: 50, workerData: starts } },
  })
  assert.is(arrivals(starts), 1)
  const gate = newGate()
  const loop = scheduler.lanes.held.submit('spin', [gate], { timeout: 200 })
  await arrived(gate)
  // Parked: nothing of this thread runs until the replacement's setup has come to its gate.
  const woken = Atomics.wait(starts, 0, 1, 20_000)
  assert.is.not(woken, 'timed-out')
  assert.is(loop.state, 'TIMED_OUT')
  assert.is((await rejectionOf(loop.result(), TaskTimeoutError)).limit, 'timeout')
  assert.is(await scheduler.lanes.held.run('echo', ['alive']), 'alive')
  assert.is(arrivals(starts), 2)
})

for (const after of [0, 20])
  test(`a task that holds the loop past its cancel and \`grace\`: ${after} ms after it has seen that`, async () => {
    await using scheduler = await SchedulerThread.start<typeof holders, 'held'>({
      tasks,
      lanes: { held: { grace: 400, concurrency: 1 } },
    })
    const { held } = scheduler.lanes
    const before = await held.run('thread')
    const gate = newGate()
    const loop = held.submit('spinOnAbort', [gate, after])
    await arrived(gate)
    assert.is(loop.cancel(), true)
    assert.is.not(await held.run('thread'), before)
    const { lanes, abandoned } = await scheduler.stats()
    assert.equal([lanes.held?.restarts, abandoned], [1, 0])
  })

test('a task that holds the loop past its cancel and `grace`', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'held' | 'other'>({
    tasks,
    lanes: { held: { grace: 50, concurrency: 8 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { held } = witness.lanes
  const before = await held.run('thread')
  const gate = newGate()
  const plain = held.submit('wait', [gate])
  const idempotent = held.submit('wait', [gate], { idempotent: true })
  await arrived(gate, 2)
  const spinning = newGate()
  const loop = held.submit('spin', [spinning])
  await arrived(spinning)

  assert.is(loop.cancel('enough'), true)
  assert.is(loop.state, 'CANCELED')
  assert.is((await rejectionOf(loop.result(), TaskCanceledError)).reason, 'enough')
  const error = await rejectionOf(plain.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_TERMINATED')
  assert.equal(error.holders, ['spin'])
  assert.is(plain.state, 'FAILED')

  openGate(gate)
  assert.is(await idempotent.result(), 2)
  assert.is.not(await held.run('thread'), before)
  await witness.kept()
  assert.is((await scheduler.stats()).lanes.held?.restarts, 1)
})

test('a task that holds the loop past its cancel and `grace`: in a later stretch', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'held'>({
    tasks,
    lanes: { held: { grace: 50, concurrency: 8 } },
  })
  const { held } = scheduler.lanes
  const gate = newGate()
  const plain = held.submit('wait', [gate])
  const idempotent = held.submit('wait', [gate], { idempotent: true })
  await arrived(gate, 2)
  const spinning = newGate()
  const loop = held.submit('spinLater', [spinning])
  await arrived(spinning)

  assert.is(loop.cancel(), true)
  await rejectionOf(loop.result(), TaskCanceledError)
  const error = await rejectionOf(plain.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_TERMINATED')
  assert.ok(error.holders?.includes('spinLater'), `${error.holders}`)
  openGate(gate)
  assert.is(await idempotent.result(), 2)
})

test('a task that holds the loop past its cancel and `grace`: neighbours after several rounds', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'held'>({
    tasks,
    lanes: { held: { grace: 10, restart: { max: 0 } } },
  })
  const { held } = scheduler.lanes
  for (let round = 1; round <= 4; round++) {
    const spinning = newGate()
    const loop = held.submit('spin', [spinning])
    const waiting = Array.from({ length: 50 }, (_, i) => held.submit('echo', [i]))
    await arrived(spinning)
    assert.is(loop.cancel(), true)
    await rejectionOf(loop.result(), TaskCanceledError)
    assert.equal(
      await Promise.all(waiting.map(task => task.result())),
      waiting.map((_, i) => i),
    )
    // Threads ended by the cancel ladder do not count toward the limit of restarts, which is none here.
    assert.is((await scheduler.stats()).lanes.held?.restarts, round)
  }
})

test('a synchronous loop that sees that it is cancelled keeps its thread', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'a'>({
    tasks,
    lanes: { a: { grace: 5_000 } },
  })
  const { a } = scheduler.lanes
  const before = await a.run('thread')
  const spinning = newGate()
  const lastThread = new Int32Array(new SharedArrayBuffer(4))
  const loop = a.submit('spinUntilCancelled', [spinning, lastThread])
  await arrived(spinning)
  assert.is(loop.cancel(), true)
  await rejectionOf(loop.result(), TaskCanceledError)
  assert.is(await a.run('thread'), before)
  assert.is(Atomics.load(lastThread, 0), before)

  const timed = a.submit('spinUntilCancelled', [spinning, lastThread], { timeout: 30 })
  await rejectionOf(timed.result(), TaskTimeoutError)
  assert.is(await a.run('thread'), before)
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
})

test('a cancelled task does not cost the thread for what its neighbour does', async () => {
  await using scheduler = await SchedulerThread.start<typeof holders, 'a'>({
    tasks,
    lanes: { a: { grace: 20, concurrency: 8 } },
  })
  const { a } = scheduler.lanes
  const waiting = newGate()
  const cancelled = a.submit('wait', [waiting])
  await arrived(waiting)
  const blocking = newGate()
  const neighbour = a.submit('block', [blocking])
  await arrived(blocking)
  assert.is(cancelled.cancel(), true)
  await rejectionOf(cancelled.result(), TaskCanceledError)
  // Well beyond the grace and the silence after which a loop without a known holder would be ended.
  assert.is(await neighbour.wait({ timeout: 700 }), false)
  openGate(blocking)
  assert.is(await neighbour.result(), 'passed')
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
  openGate(waiting)
})

test.run()
