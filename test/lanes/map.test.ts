import { QueueFullError, SchedulerThread, type TaskHandle, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: map()')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof plain, 'a'>({ tasks, lanes: { a: { threads: 2, grace: 20 } } })

both('results are in the order of the items, not of the answers', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const items = Array.from({ length: 20 }, (_, i) => i)
  assert.equal(await a.map('echoLater', items), items)
  assert.equal(await a.map('echo', new Set(['x', 'y'])), ['x', 'y'])
  function* generate() {
    yield* items
  }
  assert.equal(await a.map('echo', generate()), items)
  assert.equal(await a.map('echo', []), [])
  const many = Array.from({ length: 20_000 }, (_, i) => i)
  assert.equal(await a.map('echo', many), many)
})

test('the first failure rejects it and cancels the others', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocked = [a.submit('block', [gate]), a.submit('block', [gate])]
  await arrived(gate, 2)
  const marks = newGate()
  const failing = a.map('failIf', [1, 2, -3, 4, 5])
  const others = reasonOf(a.map('mark', [marks, (() => 1) as never, marks]))
  openGate(gate)
  const error = await rejectionOf(failing, RangeError)
  assert.is(error.message, '-3')
  assert.is(((await others) as { code?: unknown }).code, 'ERR_NOT_CLONEABLE')
  await Promise.all(blocked.map(task => task.result()))
  // Some of the others may have ended before they could be cancelled, with their answers on the way.
  await scheduler.drain()
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('the others that wait do not run after a failure', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const mapped = a.map('block', [gate, gate, ...Array.from({ length: 100 }, () => gate)], { timeout: 100 })
  await rejectionOf(mapped, TaskTimeoutError)
  openGate(gate)
  const before = arrivals(gate)
  assert.ok(before <= 4, `${before}`)
  await a.map('echo', [1, 2, 3, 4])
  assert.is(arrivals(gate), before)
  assert.is((await scheduler.stats()).unfinished, 0)
})

both('its options are those of each task', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const controller = new AbortController()
  const gate = newGate()
  const finals: string[] = []
  const waiting = a.map('wait', [gate, gate, gate], {
    signal: controller.signal,
    onCancel: task => void finals.push(task.state),
  })
  await arrived(gate, 3)
  controller.abort('enough')
  assert.is(await reasonOf(waiting), 'enough')
  assert.equal(finals, ['CANCELED', 'CANCELED', 'CANCELED'])
  openGate(gate)
})

both('items that throw on their way leave nothing behind', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  function* broken() {
    yield 1
    throw new RangeError('no more')
  }
  assert.is((await rejectionOf(a.map('echo', broken()), RangeError)).message, 'no more')
  assert.is((await scheduler.stats()).unfinished, 0)
})

/** An iterable that counts, and tells whether it was closed. */
function watched(make: (i: number) => number | Promise<never>, log: string[]): Iterable<never> {
  let i = 0
  return {
    [Symbol.iterator]: () => ({
      next: () => (i < 1_000_000 ? { done: false, value: make(i++) } : { done: true, value: undefined }),
      return: () => {
        log.push(`closed after ${i}`)
        throw new Error('a closed iterator may throw what it likes')
      },
    }),
  } as never
}

test('a failure, or a queue that is full, closes the iterator once, and what that throws is nothing', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { queue: { limit: 5, overload: 'wait' } }, b: { queue: { limit: 50 } } },
  })
  const { a, b } = scheduler.lanes
  const log: string[] = []
  const failing = a.map(
    'failIf',
    watched(i => (i === 7 ? -7 : i), log),
  )
  assert.is((await rejectionOf(failing, RangeError)).message, '-7')
  assert.is(log.length, 1)
  await rejectionOf(
    b.map(
      'echo',
      watched(i => i, log),
    ),
    QueueFullError,
  )
  assert.equal(log.slice(1), ['closed after 51'])
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('an iterable that cancels its own map: it is closed, and no more of it is run', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const controller = new AbortController()
  const gate = newGate()
  const blocked = [a.submit('block', [gate]), a.submit('block', [gate])]
  await arrived(gate, 2)
  const marks = newGate()
  const log: string[] = []
  function* selfish() {
    try {
      for (let i = 0; ; i++) {
        if (i === 10) controller.abort('enough')
        yield marks
        log.push(`${i}`)
      }
    } finally {
      log.push('closed')
    }
  }
  assert.is(await reasonOf(a.map('mark', selfish(), { signal: controller.signal })), 'enough')
  assert.equal(log.slice(-2), ['9', 'closed'])
  openGate(gate)
  await Promise.all(blocked.map(task => task.result()))
  await a.map('echo', [1, 2, 3, 4])
  assert.is(arrivals(marks), 0)
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('an iterator that answers with no result is refused, rather than asked for ever', async () => {
  await using scheduler = await start()
  const broken = { [Symbol.iterator]: () => ({ next: () => 5 as never }) }
  await rejectionOf(scheduler.lanes.a.map('echo', broken), TypeError)
})

test('onSubmit of an item may end the whole', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const handles: TaskHandle<unknown>[] = []
  const marks = newGate()
  const mapped = a.map(
    'mark',
    Array.from({ length: 20 }, () => marks),
    {
      onSubmit: task => {
        handles.push(task)
        if (handles.length === 5) handles[0]?.cancel('first')
      },
    },
  )
  await reasonOf(mapped)
  assert.equal(
    handles.map(task => task.state),
    ['CANCELED', 'CANCELED', 'CANCELED', 'CANCELED', 'CANCELED'],
  )
  await a.run('echo', [1])
  assert.is(arrivals(marks), 0)
})

test('100,000 items, with others submitted in between, each in its place', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({
    tasks,
    lanes: { a: { threads: 2, queue: { limit: Number.POSITIVE_INFINITY } } },
  })
  const { a } = scheduler.lanes
  const items = Array.from({ length: 100_000 }, (_, i) => i)
  let others = 0
  function* busy() {
    for (const i of items) {
      if (i % 2 === 0) a.run('echo', [i]).then(() => others++)
      yield i
    }
  }
  const results = await a.map('echo', busy())
  assert.ok(
    results.every((value, i) => value === i),
    'in order',
  )
  assert.is(results.length, items.length)
  await a.run('echo', ['the last'])
  assert.ok(others > 0)
})

for (const jumps of [false, true]) {
  const what = jumps ? ', and submit others between' : ''
  test(`onSubmit may wait for each of its tasks${what}`, async () => {
    await using scheduler = await start()
    const { a } = scheduler.lanes
    const items = [10, 20, 30, 40]
    const values: unknown[] = []
    const mapped = a.map('echo', items, {
      onSubmit: task => {
        if (jumps && task.id % 2 === 0) a.submit('echo', [0])
        if (values.length !== 1) values.push(task.resultSync({ timeout: 20_000 }))
        else values.push('not waited for')
      },
    })
    assert.equal(await mapped, items)
    assert.equal(values, [10, 'not waited for', 30, 40])
  })
}

test('an iterator may wait as it is told to end, also for what was answered together with the failure', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({
    tasks,
    lanes: { a: { queue: { limit: 4, overload: 'wait' } } },
  })
  const { a } = scheduler.lanes
  // What is known to be fast is answered together.
  for (let i = 0; i < 30; i++) await Promise.allSettled([a.run('echo', [i]), a.run('failIf', [-1])])
  let other: TaskHandle | undefined
  let waited: unknown
  function* items() {
    try {
      yield -1
      other = a.submit('echo', ['other'])
      for (let i = 1; ; i++) yield i
    } finally {
      waited = thrownOrNot(() => other!.resultSync({ timeout: 5_000 }))
    }
  }
  await rejectionOf(a.map('failIf', items()), RangeError)
  await other!.wait()
  assert.is(waited, 'other')
})

function thrownOrNot(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

test('if one that onSubmit has waited for has failed, the whole has', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const submitted: TaskHandle[] = []
  const mapped = a.map('failIf', [1, -2, 3], {
    onSubmit: task => {
      submitted.push(task)
      task.waitSync({ timeout: 20_000 })
    },
  })
  assert.is((await rejectionOf(mapped, RangeError)).message, '-2')
  assert.equal(
    submitted.map(({ state }) => state),
    ['DONE', 'FAILED'],
  )
})

test.run()
