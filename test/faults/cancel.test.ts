import { SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'
import { Witness } from './witness.js'

const test = suite('faults: cancel')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Burns time on this thread, so that a cancel comes at any point of its task's life. */
function linger(microseconds: number): void {
  const end = performance.now() + microseconds / 1000
  while (performance.now() < end);
}

both('cancel racing completion', async launch => {
  await using scheduler = await launch<typeof plain, 'a' | 'other'>({
    tasks,
    lanes: { a: { grace: 0 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const before = await a.run('thread')
  let cancelled = 0
  for (let round = 0; round < 2000; round++) {
    let finals = 0
    const count = (): void => void finals++
    const options = { onDone: count, onError: count, onTimeout: count, onCancel: count }
    const task = a.submit(round % 4 === 3 ? 'echoLater' : 'echo', [round], options)
    if (round % 2 === 0) await nextTurn()
    linger((round * 7) % 150)
    const decided = task.cancel()
    assert.is(task.cancel(), false)
    const [outcome] = await Promise.allSettled([task.result()])
    assert.is(outcome.status, decided ? 'rejected' : 'fulfilled')
    assert.is(task.state, decided ? 'CANCELED' : 'DONE')
    assert.is(finals, 1)
    if (decided) cancelled++
  }
  assert.ok(cancelled > 0, 'some were cancelled')
  assert.is(await a.run('thread'), before)
  await witness.kept()
  const { lanes } = await scheduler.stats()
  assert.is(lanes.a?.restarts, 0)
  assert.is(lanes.a?.waiting, 0)
})

both('cancel racing completion: many at once', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { threads: 2, grace: 0 } },
  })
  const { a } = scheduler.lanes
  for (let round = 0; round < 50; round++) {
    const handles = Array.from({ length: 200 }, (_, i) => a.submit(i % 8 === 0 ? 'echoLater' : 'echo', [i]))
    if (round % 2 === 0) await nextTurn()
    linger((round * 13) % 400)
    const decided = handles.map(task => task.cancel())
    const outcomes = await Promise.allSettled(handles.map(task => task.result()))
    outcomes.forEach((outcome, i) => {
      assert.is(outcome.status, decided[i] ? 'rejected' : 'fulfilled')
      assert.is(handles[i]?.state, decided[i] ? 'CANCELED' : 'DONE')
    })
  }
  const { lanes, unfinished } = await scheduler.stats()
  assert.is(lanes.a?.restarts, 0)
  assert.is(unfinished, 0)
  assert.is(await a.run('echo', ['alive']), 'alive')
})

both('an async task that ignores its abort', async launch => {
  await using scheduler = await launch<typeof plain, 'a' | 'other'>({
    tasks,
    lanes: { a: { grace: 50, concurrency: 2 }, other: {} },
  })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const before = await a.run('thread')
  const gate = newGate()
  const neighbour = a.submit('wait', [gate])
  const ignoring = a.submit('wait', [gate])
  await arrived(gate, 2)
  const next = a.submit('echo', ['next'])
  assert.is(ignoring.cancel('why'), true)
  assert.is(ignoring.state, 'CANCELED')
  assert.is((await rejectionOf(ignoring.result(), TaskCanceledError)).reason, 'why')
  // Both slots were taken: the next one can only have started in the slot that was given back.
  assert.is(await next.result(), 'next')
  assert.is(neighbour.state, 'STARTED')
  await eventually('it is counted', async () => (await scheduler.stats()).abandoned === 1)
  openGate(gate)
  assert.is(await neighbour.result(), 1)
  assert.is(await a.run('thread'), before)
  await witness.kept()
  const { lanes, abandoned } = await scheduler.stats()
  assert.is(lanes.a?.restarts, 0)
  assert.is(abandoned, 1)
})

both('an async task that ignores its abort: again and again in one slot', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { grace: 5, concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  for (let round = 1; round <= 10; round++) {
    const ignoring = a.submit('wait', [gate])
    await arrived(gate, round)
    assert.is(ignoring.cancel(), true)
  }
  assert.is(await a.run('echo', ['alive']), 'alive')
  await eventually('all are counted', async () => (await scheduler.stats()).abandoned === 10)
  openGate(gate)
  assert.is(await a.run('echo', ['alive']), 'alive')
  assert.is((await scheduler.stats()).strays, 0)
})

test('a task that has not started, on a blocked lane', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const marks = newGate()
  // More than are sent at a time: some wait on the thread's side, the others here.
  const waiting = Array.from({ length: 100 }, () => a.submit('mark', [marks]))
  await nextTurn()
  for (const task of waiting) {
    assert.is(task.cancel(), true)
    assert.is(task.state, 'CANCELED')
    await rejectionOf(task.result(), TaskCanceledError)
  }
  assert.is(blocking.state, 'STARTED')
  openGate(gate)
  assert.is(await blocking.result(), 'passed')
  await a.run('echo', ['all that was sent has been looked at'])
  assert.is(arrivals(marks), 0)
})

both('cancel after the end answers false and changes nothing', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  const task = scheduler.lanes.a.submit('echo', [1])
  assert.is(await task.result(), 1)
  assert.is(task.cancel(), false)
  assert.is(scheduler.cancelTask(task), false)
  assert.is(task.state, 'DONE')
  assert.is(await task.result(), 1)
})

test.run()
