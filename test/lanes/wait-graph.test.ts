// @time-limit 60s
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import type * as deadlocking from './tasks/deadlocking.js'

const test = suite('lanes: waits across lanes')

const tasks = new URL('./tasks/deadlocking.js', import.meta.url)

type Names = 'urgent' | 'bulk' | 'other'

const start = () =>
  SchedulerThread.start<typeof deadlocking, Names>({
    tasks,
    lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background' }, other: {} },
  })

const newLog = () => new SharedArrayBuffer(4 * 2_000)
const written = (log: SharedArrayBuffer): number[] => {
  const ints = new Int32Array(log)
  return [...ints.slice(1, 1 + ints[0]!)]
}

test('a cycle of tasks that wait for each other is refused by name, and the others go on', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const first = urgent.submit('waitForGiven', [])
  await first.wait({ for: 'RUNNING' })
  const second = bulk.submit('waitFor', [first])
  const third = other.submit('waitFor', [second])
  await urgent.run('give', [third])
  const ends = await Promise.all([first.result(), second.result(), third.result()])
  assert.ok(
    ends.every(end => end.startsWith('ERR_DEADLOCK')),
    ends.join('\n'),
  )
  // Who was refused says so; those that waited for it got its word.
  const cycle = ends[0]!.split('; ').slice(1)
  assert.equal([...cycle].sort(), [
    "task 'waitFor' on lane 'bulk'",
    "task 'waitFor' on lane 'other'",
    "task 'waitForGiven' on lane 'urgent'",
  ])
})

test('a task that would wait for itself is refused', async () => {
  await using scheduler = await start()
  const { urgent } = scheduler.lanes
  const task = urgent.submit('waitForGiven', [])
  await task.wait({ for: 'RUNNING' })
  await urgent.run('give', [task])
  assert.is(await task.result(), "ERR_DEADLOCK; task 'waitForGiven' on lane 'urgent'")
})

test('what an urgent task waits for moves ahead in its lane', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  const waiting = urgent.submit('waitFor', [all[299]!])
  assert.is(await waiting.result(), 'noted 299')
  assert.ok(written(log).length < 290, `it was the ${written(log).length}th`)
  await Promise.all(all.map(task => task.result()))
  // The others kept their order.
  assert.equal(
    written(log).filter(value => value !== 299),
    Array.from({ length: 299 }, (_, i) => i),
  )
})

test('so does what that waits for, along a chain', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const log = newLog()
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  const middle = other.submit('waitFor', [all[299]!])
  const waiting = urgent.submit('waitFor', [middle])
  assert.is(await waiting.result(), 'noted 299')
  assert.ok(written(log).length < 290, `it was the ${written(log).length}th`)
  await Promise.all(all.map(task => task.result()))
})

test('a task that an urgent one submits and awaits does not sit behind what that lane has', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  assert.is(await urgent.run('waitForNested', ['bulk', log, 1_000]), 'noted 1000')
  assert.ok(written(log).length < 290, `it was the ${written(log).length}th`)
  await Promise.all(all.map(task => task.result()))
})

test('when the wait is over the task goes back to its place', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  // The lane is held while the wait comes and goes.
  const holder = bulk.submit('note', [log, -1, 400])
  await holder.wait({ for: 'RUNNING' })
  const all = Array.from({ length: 50 }, (_, i) => bulk.submit('note', [log, i, 0]))
  assert.is(await urgent.run('waitBriefly', [all[49]!, 100]), false)
  await Promise.all(all.map(task => task.result()))
  assert.equal(written(log), [-1, ...Array.from({ length: 50 }, (_, i) => i)])
})

test('what is waited for since it started is as urgent when it is run again', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const [log, gate] = [newLog(), newGate()]
  const failing = bulk.submit('noteAtSecond', [gate, log, -1], { retries: { limit: 1, delay: 0 } })
  await arrived(gate)
  const waiting = urgent.submit('waitFor', [failing])
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  await sleep(100)
  openGate(gate)
  assert.is(await waiting.result(), 'noted -1')
  assert.ok(written(log).length < 290, `it was the ${written(log).length}th`)
  await Promise.all(all.map(task => task.result()))
})

test('what was waited for before it started, and is not any more, is not urgent when it is run again', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const [log, holding, gate] = [newLog(), newGate(), newGate()]
  const holder = bulk.submit('holdAt', [holding])
  await arrived(holding)
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  const failing = bulk.submit('noteAtSecond', [gate, log, -1], { retries: { limit: 1, delay: 0 } })
  const waiting = urgent.submit('waitBriefly', [failing, 400])
  await sleep(200)
  openGate(holding)
  await arrived(gate)
  assert.is(await waiting.result(), false)
  await sleep(100)
  openGate(gate)
  await Promise.all([holder, failing, ...all].map(task => task.result()))
  assert.is(written(log).at(-1), -1)
})

test('a dump shows what waits for what', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const held = bulk.submit('note', [log, 1, 300])
  const waiting = urgent.submit('waitFor', [held])
  await eventually('it is seen', () => scheduler.taskInfo(waiting).awaits.length > 0)
  assert.equal(scheduler.taskInfo(waiting).awaits, ["task 'note' on lane 'bulk'"])
  const dump = scheduler.dumpTasks({ to: { write: () => {} } })
  assert.match(dump, /waitFor .* task 'note' on lane 'bulk'\n/)
  await waiting.result()
  assert.equal(scheduler.taskInfo(waiting).awaits, [])
  await eventually(
    'nothing is left of it',
    () => !scheduler.dumpTasks({ to: { write: () => {} } }).includes('waits for'),
  )
})

test('a synchronous wait for what waits for a task of the thread that it would block is refused', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  // It is on the thread of `urgent`, and cannot go on while that is blocked.
  const paused = urgent.submit('waitForGiven', [])
  await paused.wait({ for: 'RUNNING' })
  const nested = bulk.submit('waitFor', [paused])
  await eventually('it is known to wait', () => scheduler.taskInfo(nested).awaits.length > 0)
  assert.is(
    await urgent.run('waitForSync', [nested]),
    "ERR_DEADLOCK; task 'waitForSync' on lane 'urgent'; task 'waitFor' on lane 'bulk'; task 'waitForGiven' on lane 'urgent'",
  )
})

test('a synchronous wait for a given task that only the thread that it would block can start is refused', async () => {
  await using scheduler = await start()
  const { other } = scheduler.lanes
  const log = newLog()
  const queued = other.submit('note', [log, 1, 0], { delay: 400 })
  const refused = await other.run('waitForSync', [queued])
  assert.is(refused, "ERR_DEADLOCK; the only thread of lane 'other'; task 'note' of lane 'other'")
  assert.is(await queued.result(), 'noted 1')
  // It has ended: nothing is needed any more.
  assert.is(await other.run('waitForSync', [queued]), 'noted 1')
})

test('a synchronous wait for a task whose handle was given ends with its value', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  assert.is(await urgent.run('waitForSync', [bulk.submit('note', [log, 5, 100])]), 'noted 5')
})

test.run()
