// @time-limit 60s
import { DeadlockError, type LaneOptions, SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrived, newGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as waited from './tasks/waited.js'

const test = suite('lanes: synchronous waits in tasks')

const tasks = new URL('./tasks/waited.js', import.meta.url)
const start = (lanes: { readonly a?: LaneOptions; readonly b?: LaneOptions } = {}) =>
  SchedulerThread.start<typeof waited, 'a' | 'b'>({ tasks, lanes: { a: {}, b: {}, ...lanes } })

test('a task asks another lane, also while main is blocked itself', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  assert.is(await a.run('askSync', ['b', 'awaited']), 'awaited')
  assert.is(a.submit('askSync', ['b', 'blocked']).resultSync({ timeout: 30_000 }), 'blocked')
  for (let i = 0; i < 300; i++) assert.is(a.submit('askSync', ['b', i]).resultSync({ timeout: 30_000 }), i)
  await a.map(
    'echo',
    Array.from({ length: 1_000 }, (_, i) => i),
  )
  assert.is((await scheduler.stats()).strays, 0)
})

test('one that needs its own thread is refused, and the thread goes on', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const before = await a.run('thread')
  const { code, cycle, message } = await rejectionOf(a.run('askSync', ['a', 1]), DeadlockError)
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal(cycle, ["the only thread of lane 'a'", "task 'echo' of lane 'a'"])
  assert.match(message, /the only thread of lane 'a' → task 'echo' of lane 'a' → the only thread of lane 'a'/)
  assert.is(await a.run('thread'), before)
  await scheduler.drain()
})

test('one that has ended on its own thread needs it no more, unless it is to be run again', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  for (let round = 0; round < 3; round++) assert.is(await a.run('askEnded', [1, 0]), 1)
  assert.is((await rejectionOf(a.run('askEnded', [2, 0]), Error)).name, 'RangeError')
  await rejectionOf(a.run('askEnded', [2, 1]), DeadlockError)
})

test('it is told before that it has started, and what others have come to, however fast such tasks have been', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  for (let i = 0; i < 300; i++) await a.run('resultOf', [])
  const first = b.submit('later', [60_000, 0])
  const onStart = () => void first.cancel()
  await rejectionOf(a.run('resultOf', [first], { onStart }), TaskCanceledError)
  for (let i = 0; i < 300; i++) await a.run('resultOf', [])
  const second = b.submit('later', [60_000, 0])
  const before = a.run('echo', ['before'])
  const waiting = a.run('resultOf', [second])
  assert.is(await before, 'before')
  second.cancel()
  await rejectionOf(waiting, TaskCanceledError)
})

test('another thread of the same lane may answer, also one that is started for it', async () => {
  for (const threads of [2, { min: 1, max: 2 }]) {
    await using scheduler = await start({ a: { threads } })
    const { a } = scheduler.lanes
    for (let i = 0; i < 20; i++) {
      const [own, other] = (await a.run('askThread', ['a'])) as number[]
      assert.is.not(own, other)
    }
    assert.is((await scheduler.stats()).strays, 0)
  }
})

test('answers that were given before leave before', async () => {
  await using scheduler = await start({ a: {} })
  const { a } = scheduler.lanes
  const many = Array.from({ length: 200 }, (_, i) => a.run('echo', [i]))
  const asking = Array.from({ length: 20 }, (_, i) => a.run('askSync', ['b', i]))
  assert.equal(
    await Promise.all(many),
    many.map((_, i) => i),
  )
  assert.equal(
    await Promise.all(asking),
    asking.map((_, i) => i),
  )
})

test('a task that is cancelled or timed out in a wait goes on at once, and its thread lives', async () => {
  await using scheduler = await start({ a: { grace: 5_000, stallAfter: Number.POSITIVE_INFINITY } })
  const { a } = scheduler.lanes
  const before = await a.run('thread')
  for (const end of ['cancel', 'timeout'] as const) {
    const gate = newGate()
    const task = a.submit('askForever', [gate], end === 'timeout' ? { timeout: 50 } : {})
    await arrived(gate)
    // It waits by now, most likely.
    await new Promise(resolve => setTimeout(resolve, 20))
    if (end === 'cancel') task.cancel()
    assert.is(await a.run('thread'), before)
    assert.is(task.state, end === 'cancel' ? 'CANCELED' : 'TIMED_OUT')
  }
})

test('close ends a task that waits for what never ends', async () => {
  const scheduler = await start()
  const gate = newGate()
  const task = scheduler.lanes.a.submit('askForever', [gate])
  await task.wait({ for: 'RUNNING' })
  await scheduler.close({ timeout: 500 })
  assert.is(task.state, 'CANCELED')
})

test.run()
