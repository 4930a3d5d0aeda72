// @time-limit 60s
import {
  type LaneOptions,
  MultilaneError,
  SchedulerThread,
  TaskTimeoutError,
  UnknownTaskError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { rejectionOf } from '../support/rejection.js'
import type * as calling from './tasks/calling.js'

const test = suite('lanes: from lane to lane')

const tasks = new URL('./tasks/calling.js', import.meta.url)

type Names = 'a' | 'b' | 'c'

const start = (lanes: { readonly [K in Names]?: LaneOptions } = {}) =>
  SchedulerThread.start<typeof calling, Names>({ tasks, lanes: { a: {}, b: {}, c: {}, ...lanes } })

const counter = () => new SharedArrayBuffer(4)
const read = (shared: SharedArrayBuffer): number => Atomics.load(new Int32Array(shared), 0)

test('a task runs others on other lanes, and on its own', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const [threadA, threadB] = [await a.run('thread'), await b.run('thread')]
  assert.equal(await a.run('relay', ['b', 21]), [threadA, threadB, 42])
  assert.equal(await a.run('relay', ['a', 4]), [threadA, threadA, 8])
  assert.is((await scheduler.stats()).strays, 0)
})

test('nested calls that lead back to a lane with one place finish: who waits gives its place away', async () => {
  const one = { concurrency: 1 }
  await using scheduler = await start({ a: one, b: one, c: one })
  const { a } = scheduler.lanes
  assert.is(await a.run('descend', [['b', 'a']]), 'aba')
  assert.is(await a.run('descend', [['a', 'a', 'a', 'b', 'b', 'c', 'a']]), 'aaaabbca')
  const deep = Array.from({ length: 200 }, (_, i) => (['a', 'b', 'c'] as const)[i % 3]!)
  assert.is((await a.run('descend', [deep])).length, 201)
})

test('while a task waits for another lane, its own lane runs what has come', async () => {
  await using scheduler = await start({ a: { concurrency: 1 } })
  const { a } = scheduler.lanes
  const waiting = a.submit('waitFor', ['b', 200])
  await waiting.wait({ for: 'RUNNING' })
  await a.run('note', ['meanwhile'])
  assert.equal(await waiting.result(), ['meanwhile'])
})

test('a task that computes or awaits what is its own keeps its place', async () => {
  await using scheduler = await start({ a: { concurrency: 1 } })
  const { a } = scheduler.lanes
  const log: string[] = []
  const first = a.run('pause', [50]).then(() => log.push('paused'))
  await Promise.all([first, a.run('thread').then(() => log.push('next'))])
  assert.equal(log, ['paused', 'next'])
})

test('errors come back whole, with their classes and codes', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  assert.is((await rejectionOf(a.run('callThrowing', ['b']), RangeError)).message, 'no such value')
  await rejectionOf(a.run('callUnknown', ['b']), UnknownTaskError)
})

test('the limits of a nested task are kept by the supervisor, also against a loop that is held', async () => {
  await using scheduler = await start({ b: { grace: 50 } })
  const { a, b } = scheduler.lanes
  const error = await rejectionOf(a.run('callWithTimeout', ['b', 100]), TaskTimeoutError)
  assert.is(error.limit, 'timeout')
  assert.is(await b.run('double', [1]), 2)
})

test('map and many handles work from within a task', async () => {
  await using scheduler = await start({ b: { threads: 2 } })
  const { a } = scheduler.lanes
  const items = Array.from({ length: 500 }, (_, i) => i)
  assert.equal(
    await a.run('mapThere', ['b', items]),
    items.map(item => 2 * item),
  )
  const shared = counter()
  assert.is(await a.run('spread', ['b', shared, 3_000]), 3_000)
  assert.is(read(shared), 3_000)
})

test('what a task does not wait for runs all the same, and holds nobody', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const shared = counter()
  await a.run('leaveBehind', ['b', shared, 50])
  await scheduler.drain()
  await eventually('it has run', () => read(shared) === 1)
})

test('a thread that dies takes the tasks with it that it had submitted, and no other lane notices', async () => {
  await using scheduler = await start({ b: { grace: 50 } })
  const { a, b } = scheduler.lanes
  const started = counter()
  const lost = a.submit('callHoldForEver', ['b', started])
  await eventually('the nested task runs', () => read(started) === 1)
  await rejectionOf(a.run('exit', [3]), MultilaneError)
  const error = await rejectionOf(lost.result(), MultilaneError)
  assert.is(error.code, 'ERR_LANE_EXITED')
  // Nobody else would ever end it.
  assert.is(await b.run('double', [4]), 8)
  assert.equal((await a.run('relay', ['b', 1]))[2], 2)
})

test('a nested task whose thread dies fails with why; who waited for it goes on', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const started = counter()
  const calling = a.submit('callHoldForEver', ['b', started])
  await eventually('the nested task runs', () => read(started) === 1)
  await scheduler.close({ timeout: 500 })
  await rejectionOf(calling.result(), Error)
})

test('close ends tasks that wait for nested ones, and those, within its time', async () => {
  const scheduler = await start()
  const { a } = scheduler.lanes
  const waiting = a.submit('waitFor', ['b', 60_000])
  await waiting.wait({ for: 'RUNNING' })
  await scheduler.close({ timeout: 500 })
  assert.is(waiting.state, 'CANCELED')
})

test('while the thread that made the scheduler is blocked, lanes go on between themselves', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const shared = counter()
  // Never asked for before: the supervisor connects them meanwhile.
  const spreading = a.submit('spread', ['b', shared, 500])
  await spreading.wait({ for: 'RUNNING' })
  const until = performance.now() + 5_000
  while (read(shared) < 500 && performance.now() < until);
  assert.is(read(shared), 500)
  assert.is(await spreading.result(), 500)
})

test('a task that fills the queue of its own lane is refused at once, where others would wait for room', async () => {
  await using scheduler = await start({ a: { concurrency: 1, queue: { limit: 3, overload: 'wait' } } })
  const { a } = scheduler.lanes
  const ends = await a.run('overfill', [10])
  assert.ok(ends.includes('ERR_QUEUE_FULL'), ends.join(' '))
  assert.ok(ends.includes('done'), ends.join(' '))
})

test('a scheduler that is started again connects its lanes anew', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  assert.is((await a.run('relay', ['b', 1]))[2], 2)
  await scheduler.stop()
  await scheduler.start()
  assert.is((await a.run('relay', ['b', 2]))[2], 4)
})

test('elastic and replaced threads of the lane called are found by its callers', async () => {
  await using scheduler = await start({ b: { threads: { min: 1, max: 3, idleTimeout: 50 } } })
  const { a, b } = scheduler.lanes
  for (let round = 0; round < 5; round++) {
    const shared = counter()
    assert.is(await a.run('spread', ['b', shared, 200]), 200)
    await rejectionOf(b.run('exit', [1]), MultilaneError)
    assert.is((await a.run('relay', ['b', round]))[2], 2 * round)
  }
})

test('inline, tasks see the same lanes', async () => {
  await using scheduler = await SchedulerThread.inline<typeof calling, Names>({
    tasks,
    lanes: { a: { concurrency: 1 }, b: { concurrency: 1 }, c: {} },
  })
  const { a } = scheduler.lanes
  assert.is(await a.run('descend', [['b', 'a', 'c', 'a']]), 'abaca')
})

test.run()
