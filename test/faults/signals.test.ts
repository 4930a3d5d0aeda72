import { getEventListeners } from 'node:events'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'
import { Witness } from './witness.js'

const test = suite('faults: signals')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

both('an already aborted signal', async launch => {
  await using scheduler = await launch<typeof plain, 'a' | 'other'>({ tasks, lanes: { a: {}, other: {} } })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const marks = newGate()
  const reasons = [new RangeError('why'), 'a word', undefined, null, 0]
  for (const given of reasons) {
    const signal = AbortSignal.abort(given)
    assert.is(await reasonOf(a.run('mark', [marks], { signal })), signal.reason)
    const task = a.submit('mark', [marks], { signal })
    assert.is(task.state, 'CANCELED')
    assert.is(await reasonOf(task.result()), signal.reason)
    assert.is(listenersOf(signal), 0)
  }
  const bytes = new Uint8Array(8)
  const handed = a.run('echo', [bytes], { signal: AbortSignal.abort(), transfer: [bytes.buffer] })
  await reasonOf(handed)
  assert.is(bytes.byteLength, 8, 'nothing is sent')
  await a.run('echo', [1])
  assert.is(arrivals(marks), 0)
  await witness.kept()
})

test('100,000 tasks cancelled through one signal', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a' | 'other'>({
    tasks,
    lanes: { a: { queue: { limit: Number.POSITIVE_INFINITY }, concurrency: 4 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const controller = new AbortController()
  const { signal } = controller
  const gate = newGate()
  const marks = newGate()
  const running = a.submit('wait', [gate], { signal })
  await arrived(gate)
  const blocking = a.submit('block', [gate])
  await arrived(gate, 2)
  // The loop is held: the first few are sent to it, all others wait here.
  const tasksOfSignal = Array.from({ length: 100_000 }, () => a.submit('mark', [marks], { signal }))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(listenersOf(signal), 1)

  const reason = new Error('all of you')
  controller.abort(reason)
  for (const task of tasksOfSignal) assert.is(task.state, 'CANCELED')
  assert.is(running.state, 'CANCELED')
  assert.is(listenersOf(signal), 0)
  const outcomes = await Promise.allSettled(tasksOfSignal.map(task => task.result()))
  for (const outcome of outcomes) {
    if (outcome.status !== 'rejected' || outcome.reason !== reason) assert.unreachable('another outcome')
  }
  assert.is(await reasonOf(running.result()), reason)

  openGate(gate)
  assert.is(await blocking.result(), 'passed')
  assert.is(await a.run('echo', ['alive']), 'alive')
  assert.is(arrivals(marks), 0)
  await witness.kept()
  const { lanes } = await scheduler.stats()
  assert.is(lanes.a?.waiting, 0)
  assert.is(lanes.a?.restarts, 0)
})

both('a signal has no listener of ours once its tasks have ended', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  const { signal } = new AbortController()
  for (let round = 0; round < 3; round++) {
    const runs = Array.from({ length: 20 }, (_, i) => scheduler.lanes.a.run('echo', [i], { signal }))
    assert.is(listenersOf(signal), 1)
    await Promise.all(runs)
    assert.is(listenersOf(signal), 0)
  }
})

both('one signal for the tasks of several lanes', async launch => {
  await using scheduler = await launch<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: {}, b: {} },
  })
  const controller = new AbortController()
  const gate = newGate()
  const options = { signal: controller.signal }
  const running = [
    scheduler.lanes.a.submit('wait', [gate], options),
    scheduler.lanes.b.submit('wait', [gate], options),
  ]
  await arrived(gate, 2)
  assert.is(listenersOf(controller.signal), 1)
  controller.abort('both')
  for (const task of running) {
    assert.is(task.state, 'CANCELED')
    assert.is(await reasonOf(task.result()), 'both')
  }
  openGate(gate)
})

test.run()
