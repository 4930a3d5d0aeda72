import {
  AsyncScheduler,
  ClosedError,
  LaneError,
  MultilaneError,
  SchedulerThread,
  SyncTask,
  TaskCanceledError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as closing from './tasks/closing.js'

const test = suite('faults: close()')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/closing.js', import.meta.url)
const options = { tasks, lanes: { a: { grace: 50 }, b: {} } }
const make = () => new SchedulerThread<typeof closing, 'a' | 'b'>(options)
const start = (launch: Launch) => launch<typeof closing, 'a' | 'b'>(options)
type Scheduler = ReturnType<typeof make>

async function expectClosed(scheduler: Scheduler): Promise<void> {
  for (const lane of ['a', 'b'] as const) {
    assert.is(thrownBy(() => scheduler.lanes[lane].submit('echo', [1]), ClosedError).code, 'ERR_CLOSED')
    await rejectionOf(scheduler.lanes[lane].run('echo', [1]), ClosedError)
  }
  thrownBy(() => scheduler.submitTask('a', 'echo', [1]), ClosedError)
  await rejectionOf(scheduler.start(), ClosedError)
}

both('close() twice', async launch => {
  const scheduler = await start(launch)
  const task = scheduler.lanes.a.submit('echoLater', ['drained'])
  const first = scheduler.close()
  assert.is(scheduler.close({ timeout: 0 }), first)
  assert.is(scheduler[Symbol.asyncDispose](), first)
  await expectClosed(scheduler)
  assert.is(await task.result(), 'drained')
  await first
  assert.is(scheduler.close(), first)
  await scheduler.stop()
  await expectClosed(scheduler)
  await rejectionOf(scheduler.stats(), ClosedError)
})

test('close() of one that was never started', async () => {
  const scheduler = make()
  thrownBy(() => scheduler.lanes.a.submit('echo', [1]), ClosedError)
  await rejectionOf(scheduler.lanes.a.map('echo', [1]), ClosedError)
  await scheduler.close()
  await expectClosed(scheduler)
})

test('close() during start, at several points of it', async () => {
  for (const delay of [undefined, 0, 5, 20, 50]) {
    const scheduler = make()
    const starting = scheduler.start()
    const settled = Promise.allSettled([starting])
    if (delay !== undefined) await new Promise(resolve => setTimeout(resolve, delay))
    const early = delay === undefined ? [] : [scheduler.lanes.a.submit('echo', [1])]
    const closed = scheduler.close({ timeout: 5_000 })
    assert.is(scheduler.close(), closed)
    await closed
    const [outcome] = await settled
    if (outcome.status === 'rejected') assert.match(outcome.reason.code, /^ERR_(LANE_)?CLOSED$/)
    for (const task of early) {
      await Promise.allSettled([task.result()])
      assert.ok(['DONE', 'CANCELED'].includes(task.state), task.state)
    }
    await expectClosed(scheduler)
  }
})

test('close() with a full queue', async () => {
  const scheduler = new SchedulerThread<typeof closing, 'a' | 'b'>({
    tasks,
    lanes: { a: { queue: { limit: 1000 }, grace: 50 }, b: {} },
  })
  await scheduler.start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('spin', [gate])
  await arrived(gate)
  const waiting = Array.from({ length: 1000 }, (_, i) =>
    a.submit('echo', [i], i % 2 ? {} : { delay: 60_000 }),
  )
  await scheduler.close({ timeout: 300 })
  for (const task of [blocking, ...waiting]) {
    assert.is(task.state, 'CANCELED')
    const error = await rejectionOf(task.result(), TaskCanceledError)
    assert.is(error.code, 'ERR_TASK_CANCELED')
    assert.instance(error.reason, ClosedError)
  }
  await expectClosed(scheduler)
})

test('close() drains what was accepted', async () => {
  const scheduler = await make().start()
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const waiting = Array.from({ length: 500 }, (_, i) => (i % 2 ? a : b).submit('echoLater', [i]))
  const closed = scheduler.close({ timeout: 60_000 })
  openGate(gate)
  await closed
  assert.is(await blocking.result(), 'passed')
  assert.equal(
    await Promise.all(waiting.map(task => task.result())),
    waiting.map((_, i) => i),
  )
})

test('close() right after a crash', async () => {
  for (const when of ['while it crashes', 'when it is known', 'while it restarts']) {
    const scheduler = await make().start()
    const { a } = scheduler.lanes
    const killer = a.submit('exit', [1])
    const waiting = Array.from({ length: 20 }, (_, i) => a.submit('echo', [i]))
    if (when !== 'while it crashes') await rejectionOf(killer.result(), LaneError)
    if (when === 'while it restarts') await new Promise(resolve => setTimeout(resolve, 10))
    await scheduler.close({ timeout: 20_000 })
    await rejectionOf(killer.result(), MultilaneError)
    for (const [i, task] of waiting.entries()) assert.is(await task.result(), i, when)
    await expectClosed(scheduler)
  }
})

test('close() in time although everything crashes', async () => {
  const scheduler = await make().start()
  const { a } = scheduler.lanes
  const killers = Array.from({ length: 20 }, () => a.submit('exit', [1]))
  await scheduler.close({ timeout: 200 })
  for (const task of killers) {
    await rejectionOf(task.result(), MultilaneError)
    assert.ok(['FAILED', 'CANCELED'].includes(task.state), task.state)
  }
})

test('close({ timeout: 0 }) of a lane that is held', async () => {
  const scheduler = await make().start()
  const gate = newGate()
  const spinning = scheduler.lanes.a.submit('spin', [gate])
  await arrived(gate)
  await scheduler.close({ timeout: 0 })
  assert.is(spinning.state, 'CANCELED')
  await rejectionOf(spinning.result(), TaskCanceledError)
})

both('close() while it stops', async launch => {
  const scheduler = await start(launch)
  const gate = newGate()
  const task = scheduler.lanes.a.submit('wait', [gate])
  await arrived(gate)
  const stopped = scheduler.stop()
  const closed = scheduler.close()
  await Promise.all([stopped, closed])
  await rejectionOf(task.result(), TaskCanceledError)
  await expectClosed(scheduler)
  openGate(gate)
})

const elastic = new URL('../lanes/tasks/elastic.js', import.meta.url)
const TEARDOWNS = 1
/** Far longer than a close may take that has next to no time. */
const LONG_MS = 60_000

async function expectSoon(stopped: Promise<void>, closed: Promise<void>): Promise<void> {
  const begun = performance.now()
  await Promise.all([stopped, closed])
  assert.ok(performance.now() - begun < LONG_MS / 3)
}

both('a short close() while a long stop() goes on', async launch => {
  for (const isUnderWay of [false, true]) {
    const counts = new Int32Array(new SharedArrayBuffer(8))
    const workerData = { counts, teardown: 'hangs' }
    const scheduler = await launch({ tasks: elastic, lanes: { a: { workerData } } })
    const stopped = scheduler.stop({ timeout: LONG_MS })
    if (isUnderWay) await eventually('its teardown has begun', () => Atomics.load(counts, TEARDOWNS) > 0)
    await expectSoon(stopped, scheduler.close({ timeout: 50 }))
  }
})

test('a short close() while a long stop() of one loop goes on', async () => {
  const scheduler = await AsyncScheduler.start({ grace: LONG_MS })
  const gate = newGate()
  const task = scheduler.submitTask(new SyncTask(tasks, 'spin', [gate]))
  await arrived(gate)
  const stopped = scheduler.stop({ timeout: LONG_MS })
  await rejectionOf(task.result(), TaskCanceledError)
  await expectSoon(stopped, scheduler.close({ timeout: 50 }))
})

test.run()
