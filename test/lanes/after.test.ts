// @time-limit 120s
import {
  AsyncScheduler,
  AsyncTask,
  DependencyError,
  type LaneError,
  QueueFullError,
  SchedulerThread,
  SyncTask,
  TaskCanceledError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { collectGarbage, heapInUse } from '../support/garbage.js'
import { arrived, type Gate, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as dependent from './tasks/dependent.js'
import * as plain from './tasks/plain.js'

const test = suite('lanes: tasks that start after others')
const inBothPlaces = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const MB = 1024 * 1024

const start = (launch: Launch, queue: object = {}) =>
  launch<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { concurrency: 4, queue }, b: { concurrency: 4, queue } },
  })

inBothPlaces('a task of one lane starts after tasks of another', async launch => {
  await using scheduler = await start(launch)
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const first = a.submit('wait', [gate])
  const second = b.submit('echo', [2], { after: [first] })
  const third = a.submit('echo', [3], { after: [second, first] })
  await arrived(gate)
  assert.equal([second.state, third.state], ['SCHEDULED', 'SCHEDULED'])
  openGate(gate)
  assert.is(await third.result(), 3)
  assert.ok(second.timestamps.start! >= first.timestamps.done!)
  assert.ok(third.timestamps.start! >= second.timestamps.done!)
})

inBothPlaces('run and map start after others, each task of a map', async launch => {
  await using scheduler = await start(launch)
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const first = a.submit('wait', [gate])
  const ran = b.run('echo', ['ran'], { after: [first] })
  const mapped = b.map('echoLater', [1, 2, 3], { after: [first] })
  await arrived(gate)
  assert.is(scheduler.countTasks({ lane: 'b', state: 'SCHEDULED' }), 4)
  openGate(gate)
  assert.equal([await ran, await mapped], ['ran', [1, 2, 3]])

  const failing = a.submit('fail', ['planted'], { delay: 10 })
  const refusals = [
    b.run('echo', [1], { after: [failing] }),
    b.map('echoLater', [1, 2], { after: [failing] }),
  ]
  for (const reason of await Promise.all(refusals.map(reasonOf))) {
    assert.instance(reason, DependencyError)
    assert.match(((reason as Error).cause as Error).message, 'planted')
  }
  // Those that had failed before it came, too.
  assert.instance(await reasonOf(b.map('echoLater', [1, 2], { after: [failing] })), DependencyError)
  assert.equal(await b.map('echoLater', [], { after: [failing] }), [])
})

inBothPlaces('one that waits for others has a place in the queue, and drain waits for it', async launch => {
  await using scheduler = await start(launch, { limit: 2 })
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const first = a.submit('wait', [gate])
  await arrived(gate)
  const waiting = [1, 2].map(value => b.submit('echo', [value], { after: [first] }))
  assert.throws(
    () => b.submit('echo', [3]),
    (error: unknown) => error instanceof QueueFullError,
  )
  let drained = false
  const drain = scheduler.drain().then(() => {
    drained = true
  })
  await first.wait({ timeout: 20 })
  assert.is(drained, false)
  openGate(gate)
  await drain
  assert.equal(
    waiting.map(({ state }) => state),
    ['DONE', 'DONE'],
  )
})

inBothPlaces('close() cancels what waits in any lane, however it waits', async launch => {
  const scheduler = await start(launch, { limit: 1, overload: 'wait' })
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const first = b.submit('wait', [gate])
  await arrived(gate)
  const waiting = [first]
  for (let i = 0; i < 3; i++) {
    const after = [waiting.at(-1)!]
    for (const lane of [a, b]) waiting.push(lane.submit('wait', [gate], { after }))
  }
  assert.ok(waiting.some(({ state }) => state === 'NEW'))
  await scheduler.close({ timeout: 50 })
  openGate(gate)
  assert.equal([...new Set(waiting.map(({ state }) => state))], ['CANCELED'])
  for (const task of waiting) assert.instance(await reasonOf(task.result()), TaskCanceledError)
})

inBothPlaces('a full queue: what waits for others does not take the room they need', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { concurrency: 1, queue: { limit: 1, overload: 'wait' } } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  a.submit('wait', [gate])
  await arrived(gate)
  a.submit('echo', ['in the queue'])
  const needed = a.submit('echo', ['needed'])
  const log: string[] = []
  // It is more urgent, and would be let in first.
  const task = a.submit('echo', ['waits'], {
    after: [needed],
    priority: 9,
    onSubmit: () => log.push('submit'),
  })
  const doomed = a.submit('echo', ['doomed'], { after: [needed], priority: 9, queueTimeout: 10 })
  assert.equal([needed.state, task.state, doomed.state, log], ['NEW', 'NEW', 'NEW', []])
  assert.is(task.setPriority(8), true)
  assert.match(((await reasonOf(doomed.accepted)) as Error).message, /queueTimeout/)
  openGate(gate)
  await task.accepted
  assert.equal([needed.state, log], ['DONE', ['submit']])
  assert.is(await task.result(), 'waits')

  // A map is let in as there is room, and then as its items are to start.
  const beyond = newGate()
  const long = a.submit('wait', [beyond])
  const mapped = a.map('echoLater', [1, 2, 3, 4], { after: [long] })
  await arrived(beyond)
  openGate(beyond)
  assert.equal(await mapped, [1, 2, 3, 4])

  // The failure of another ends it, too, before it was let in.
  const other = newGate()
  const holder = a.submit('wait', [other])
  await arrived(other)
  a.submit('echo', ['in the queue'])
  const forsaken = a.submit('echo', [1], { after: [holder] })
  holder.cancel()
  assert.is(forsaken.state, 'FAILED')
  assert.instance(await reasonOf(forsaken.accepted), DependencyError)
  openGate(other)
})

test('tasks of one scheduler start after those of another, on threads and on one loop', async () => {
  await using threads = await start(SchedulerThread.start)
  await using inline = await start(SchedulerThread.inline)
  await using loop = await AsyncScheduler.start()
  const gate = newGate()
  const first = threads.lanes.a.submit('wait', [gate])
  const inlined = inline.lanes.a.submit('echo', [1], { after: [first] })
  const looped = loop.submitTask(new AsyncTask(plain.echo, [2]), { after: [inlined] })
  const pooled = loop.submitTask(new SyncTask(tasks, 'echo', [3]), { after: [looped] })
  const last = threads.lanes.b.submit('echo', [4], { after: [first, inlined, looped, pooled] })
  await arrived(gate)
  const all = [inlined, looped, pooled, last]
  assert.equal(
    all.map(({ state }) => state),
    Array(4).fill('SCHEDULED'),
  )
  openGate(gate)
  assert.is(await last.result(), 4)
  assert.equal(
    all.map(({ state }) => state),
    Array(4).fill('DONE'),
  )

  // Its end is that of its scheduler.
  const cut = inline.lanes.a.submit('echo', [1], { delay: 60_000 })
  const task = threads.lanes.a.submit('echo', [1], { after: [cut] })
  await inline.close({ timeout: 0 })
  const error = (await reasonOf(task.result())) as DependencyError
  assert.instance(error, DependencyError)
  assert.instance(error.cause, TaskCanceledError)
})

test('the error crosses threads whole', async () => {
  await using scheduler = await start(SchedulerThread.start)
  const failing = scheduler.lanes.a.submit('fail', ['planted'])
  const error = await reasonOf(scheduler.lanes.b.run('echo', [1], { after: [failing] }))
  const thrower = new AsyncTask(() => Promise.reject(error))
  await using loop = await AsyncScheduler.start()
  assert.is(await reasonOf(loop.run(thrower)), error)
  const { dependency, cause } = error as DependencyError
  assert.equal(dependency, { id: failing.id, name: 'fail', lane: 'a' })
  assert.instance(cause, RangeError)
})

test('in a task, too, a task starts after one whose handle was handed over', async () => {
  await using scheduler = await SchedulerThread.start<typeof dependent, 'a' | 'b'>({
    tasks: new URL('./tasks/dependent.js', import.meta.url),
    lanes: { a: {}, b: {} },
  })
  const { a, b } = scheduler.lanes
  const first = a.submit('produce', ['first', 50])
  const done = a.submit('produceAtOnce', ['done'])
  await done.result()
  const outcomes = [first, done].map(task => b.run('startAfter', ['a', task]))
  assert.equal(await Promise.all(outcomes), [
    ['after', 'DONE'],
    ['after', 'DONE'],
  ])

  const failing = a.submit('fail', [30])
  const failed = (await reasonOf(b.run('startAfter', ['b', failing]))) as DependencyError
  const never = a.submit('never')
  const forsaken = b.submit('startAfter', ['a', never])
  await forsaken.wait({ for: 'RUNNING' })
  never.cancel('planted')
  const canceled = (await reasonOf(forsaken.result())) as DependencyError
  for (const [error, of, cause] of [
    [failed, failing, RangeError],
    [canceled, never, TaskCanceledError],
  ] as const) {
    assert.instance(error, DependencyError)
    assert.equal(error.dependency, { id: of.id, name: of.name, lane: 'a' })
    assert.instance(error.cause, cause)
  }
})

/** One task that does not end before the gate is opened. */
async function withOpenTask(
  run: (made: Awaited<ReturnType<typeof start>>, gate: Gate) => Promise<void>,
): Promise<void> {
  const scheduler = await start(SchedulerThread.start, { limit: 1_000_000 })
  const gate = newGate()
  try {
    await run(scheduler, gate)
  } finally {
    openGate(gate)
    await scheduler.close()
  }
}

test('100,000 that waited for one long task and were cancelled leave nothing behind', () =>
  withOpenTask(async ({ lanes }, gate) => {
    const long = lanes.a.submit('wait', [gate])
    await arrived(gate)
    const round = (): void => {
      const waiting = Array.from({ length: 100_000 }, (_, i) => {
        const limits = i % 2 === 0 ? {} : { queueTimeout: 600_000 }
        return lanes.b.submit('echo', [i], { after: [long], ...limits })
      })
      for (const task of waiting) assert.is(task.cancel(), true)
    }
    round()
    const before = heapInUse()
    for (let i = 0; i < 2; i++) round()
    const grown = heapInUse() - before
    assert.ok(grown < 4 * MB, `${(grown / MB).toFixed(1)} MB more are held`)
  }))

test('100,000 that wait for one task, and one that waits for 20,000', () =>
  withOpenTask(async ({ lanes }, gate) => {
    const first = lanes.a.submit('wait', [gate])
    const many = Array.from({ length: 100_000 }, (_, i) => lanes.b.submit('echo', [i], { after: [first] }))
    const last = lanes.a.submit('echo', ['last'], { after: many.slice(0, 20_000) })
    openGate(gate)
    assert.is(await last.result(), 'last')
    await Promise.all(many.map(task => task.wait()))
    assert.ok(many.every(({ state }) => state === 'DONE'))

    const failing = lanes.a.submit('wait', [newGate()])
    const doomed = Array.from({ length: 100_000 }, () => lanes.b.submit('echo', [1], { after: [failing] }))
    const one = lanes.a.submit('echo', [1], { after: doomed.slice(0, 20_000) })
    failing.cancel()
    assert.ok([...doomed, one].every(({ state }) => state === 'FAILED'))
  }))

test('a chain of 50,000 that start one after another, of which the first fails, and its errors', () =>
  withOpenTask(async ({ lanes }, gate) => {
    const chain = (first: ReturnType<typeof lanes.a.submit>) => {
      const links = [first]
      for (let i = 1; i < 50_000; i++) {
        const lane = i % 3 === 0 ? lanes.a : lanes.b
        links.push(lane.submit('echo', [i], { after: [links.at(-1)!] }))
      }
      return links
    }
    const failing = chain(lanes.a.submit('wait', [gate]))
    failing[0]!.cancel('planted')
    assert.ok(failing.slice(1).every(({ state }) => state === 'FAILED'))
    let error = await reasonOf(failing.at(-1)!.result())
    let length = 0
    for (; error instanceof DependencyError; length++) error = error.cause
    assert.is(length, failing.length - 1)
    assert.instance(error, TaskCanceledError)
  }))

test('what is done is not kept, nor its value, while others are waited for', () =>
  withOpenTask(async ({ lanes }, gate) => {
    const open = lanes.a.submit('wait', [gate])
    const value = await (async () => {
      const done = lanes.a.submit('echo', [{ large: true }], { delay: 5 })
      lanes.b.submit('echo', [1], { after: [open, done] })
      return new WeakRef((await done.result()) as object)
    })()
    await eventually('its value is collected', () => {
      collectGarbage()
      return value.deref() === undefined
    })
    assert.is(open.state, 'STARTED')
  }))

test('those of a lane that fails end with the lane, and those that wait for them with them', async () => {
  const holding = new URL('./tasks/holding.js', import.meta.url)
  await using scheduler = await SchedulerThread.start({
    tasks: holding,
    lanes: { a: { restart: { max: 0, within: 1000 } }, b: {} },
  })
  const gate = newGate()
  const open = scheduler.lanes.b.submit('wait', [gate])
  const inLane = scheduler.lanes.a.submit('echo', [1], { after: [open] })
  const outside = scheduler.lanes.b.submit('echo', [1], { after: [inLane] })
  scheduler.lanes.a.submit('exit', [7])
  const error = (await reasonOf(outside.result())) as DependencyError
  assert.is((error.cause as LaneError).code, 'ERR_LANE_FAILED')
  assert.is(await open.wait({ timeout: 0 }), false)
  openGate(gate)
})

test.run()
