import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: states and timestamps')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof plain, 'a' | 'b'>({ tasks, lanes: { a: {}, b: {} } })

both('what a handle tells of its task', async launch => {
  await using scheduler = await start(launch)
  const first = scheduler.lanes.a.submit('echo', [1])
  const second = scheduler.submitTask('b', 'echo', [2])
  assert.is(first.name, 'echo')
  assert.is(first.lane, 'a')
  assert.is(second.lane, 'b')
  assert.ok(second.id > first.id)
  assert.is(scheduler.taskState(first), 'SUBMITTED')
  assert.is(await first.result(), 1)
  assert.is(await second.result(), 2)
  assert.is(scheduler.taskState(first), 'DONE')
})

both('the states on the way to each end', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const running = a.submit('wait', [gate])
  assert.is(running.state, 'SUBMITTED')
  await arrived(gate)
  assert.is(running.state, 'STARTED')
  openGate(gate)
  await running.result()
  assert.is(running.state, 'DONE')

  const failing = a.submit('fail', ['planted'])
  await reasonOf(failing.result())
  assert.is(failing.state, 'FAILED')

  const closed = newGate()
  const slow = a.submit('wait', [closed], { timeout: 30 })
  await reasonOf(slow.result())
  assert.is(slow.state, 'TIMED_OUT')

  const delayed = a.submit('echo', [1], { delay: 60_000 })
  assert.is(delayed.state, 'SCHEDULED')
  delayed.cancel()
  assert.is(delayed.state, 'CANCELED')
  openGate(closed)
})

test('states are true while the loop of the lane is blocked', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  const waiting = Array.from({ length: 50 }, (_, i) => a.submit('echo', [i]))
  await arrived(gate)
  assert.is(blocking.state, 'STARTED')
  assert.type(blocking.timestamps.start, 'number')
  for (const task of waiting) assert.match(task.state, /^(SUBMITTED|SCHEDULED)$/)
  assert.is(waiting[0]?.state, 'SCHEDULED', 'sent, and not started')
  assert.is(waiting.at(-1)?.state, 'SUBMITTED', 'not sent yet')
  assert.is((await scheduler.stats()).lanes.a?.waiting, waiting.length)
  const limited = a.submit('echo', [1], { queueTimeout: 20 })
  await eventually('it is timed out', () => limited.state === 'TIMED_OUT')
  assert.is(blocking.state, 'STARTED')
  openGate(gate)
  for (const task of [blocking, ...waiting]) await task.result()
})

test('states are true while main is blocked', async () => {
  await using scheduler = await start()
  const gate = newGate()
  const task = scheduler.lanes.a.submit('mark', [gate])
  const limited = scheduler.lanes.b.submit('wait', [newGate()], { timeout: 50 })
  await arrived(gate)
  await eventually('both have started', () => limited.timestamps.start !== undefined)
  // Not a turn of this thread's loop from here on.
  const end = performance.now() + 10_000
  while (!(task.state === 'DONE' && limited.state === 'TIMED_OUT') && performance.now() < end);
  assert.is(task.state, 'DONE')
  assert.is(limited.state, 'TIMED_OUT')
})

both('timestamps are in order, and true', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const before = Date.now() - 1
  const task = a.submit('wait', [gate])
  assert.equal(Object.keys(task.timestamps), ['submit'])
  await arrived(gate)
  assert.equal(Object.keys(task.timestamps), ['submit', 'start'])
  openGate(gate)
  await task.result()
  const { submit, start: started = Number.NaN, done = Number.NaN } = task.timestamps
  assert.ok(before <= submit && submit <= started && started < done, JSON.stringify(task.timestamps))
  assert.ok(done <= Date.now() + 1, JSON.stringify(task.timestamps))
  assert.equal(task.timestamps, { submit, start: started, done })
})

both('each end has a timestamp of its own', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const failing = a.submit('fail', ['planted'])
  const slow = a.submit('wait', [gate], { timeout: 30 })
  const cancelled = a.submit('wait', [gate])
  const notStarted = a.submit('echo', [1], { delay: 60_000 })
  await arrived(gate, 2)
  cancelled.cancel()
  notStarted.cancel()
  const ends = [
    [failing, 'error'],
    [slow, 'timeout'],
    [cancelled, 'cancel'],
  ] as const
  for (const [task, end] of ends) {
    await reasonOf(task.result())
    assert.equal(Object.keys(task.timestamps), ['submit', 'start', end])
    const { submit, start: started = Number.NaN } = task.timestamps
    const ended = task.timestamps[end] ?? Number.NaN
    assert.ok(submit <= started && started <= ended, JSON.stringify(task.timestamps))
  }
  assert.equal(Object.keys(notStarted.timestamps), ['submit', 'cancel'])
  openGate(gate)
})

both('timestamps of a thousand tasks in one thread follow each other', async launch => {
  await using scheduler = await start(launch)
  const handles = Array.from({ length: 1000 }, (_, i) => scheduler.lanes.a.submit('echo', [i]))
  await Promise.all(handles.map(task => task.result()))
  let last = 0
  for (const { timestamps } of handles) {
    const { submit, start: started = Number.NaN, done = Number.NaN } = timestamps
    assert.ok(submit <= started && started <= done && last <= started, JSON.stringify({ timestamps, last }))
    last = done
  }
})

test.run()
