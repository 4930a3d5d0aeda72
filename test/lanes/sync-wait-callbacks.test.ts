import {
  type LaneOptions,
  QueueFullError,
  SchedulerThread,
  type TaskHandle,
  type TaskOptions,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrived, newGate, openGate } from '../support/gate.js'
import { thrownBy } from '../support/thrown.js'
import type * as waited from './tasks/waited.js'

const test = suite('lanes: synchronous waits, and what else is to happen')

const tasks = new URL('./tasks/waited.js', import.meta.url)
const start = <L extends string>(lanes: Readonly<Record<L, LaneOptions>>) =>
  SchedulerThread.start<typeof waited, L>({ tasks, lanes })

test('no callback and no event comes within a wait; all come after it, in order', async () => {
  await using scheduler = await start({ a: { slowCallback: 5 }, b: {} })
  const { a, b } = scheduler.lanes
  const log: string[] = []
  scheduler.on('restart', () => log.push('restart'))
  scheduler.on('slow', ({ name }) => log.push(`slow ${name}`))
  const logged = <R>(name: string): TaskOptions<R> => ({
    onStart: () => void log.push(`${name} started`),
    onDone: () => void log.push(`${name} done`),
    onError: () => void log.push(`${name} failed`),
    onCancel: () => void log.push(`${name} cancelled`),
  })
  const own = a.submit('hold', [20], logged('own'))
  const killed = b.submit('surviveIn', [9], logged('killed'))
  const gate = newGate()
  const cancelled = b.submit('wait', [gate], logged('cancelled'))
  own.resultSync()
  killed.waitSync()
  cancelled.waitSync({ for: 'RUNNING', timeout: 30_000 })
  const after = b.submit('echo', [1], { onDone: () => void log.push('after done') })
  after.resultSync()
  assert.equal(log, [])
  cancelled.cancel()
  assert.equal(log, [], 'it has not been told of its start yet')
  await Promise.resolve()
  const inOrder = (...events: string[]) =>
    assert.equal(
      log.filter(event => events.includes(event)),
      events,
    )
  inOrder('own started', 'slow hold', 'own done')
  inOrder('killed started', 'killed failed', 'restart')
  inOrder('cancelled started', 'after done', 'cancelled cancelled')
  assert.is(log.length, 9, log.join())
  a.submit('echo', [1], { onCancel: () => void log.push('at once') }).cancel()
  assert.is(log.at(-1), 'at once')
  openGate(gate)
})

test('a callback may wait in turn, and promises of the same task are settled', async () => {
  await using scheduler = await start({ a: {} })
  const { a } = scheduler.lanes
  const seen: unknown[] = []
  const outer = a.submit('echo', ['outer'], {
    onDone: (_, value) => void seen.push(value, a.submit('echo', ['inner']).resultSync()),
  })
  const promised = [outer.result(), outer.wait(), outer.wait({ timeout: 60_000 })]
  assert.is(outer.resultSync(), 'outer')
  assert.equal(await Promise.all(promised), ['outer', true, true])
  assert.equal(seen, ['outer', 'inner'])
})

test('a callback may wait for what came, or is to leave, or was lost, together with its own', async () => {
  await using scheduler = await start({ a: {}, b: {}, c: { restart: { max: 0 } } })
  const { a, b, c } = scheduler.lanes
  const seen: unknown[] = []
  const waitingFor = (other: () => TaskHandle) => {
    const wait = (): void => void seen.push([other().waitSync({ timeout: 20_000 }), other().state])
    return { onDone: wait, onError: wait, onTimeout: wait, onCancel: wait }
  }
  const pairs: [first: TaskHandle, second: TaskHandle][] = []
  const pair = (
    first: (options: ReturnType<typeof waitingFor>) => TaskHandle,
    second: () => TaskHandle,
  ): void => {
    const options = waitingFor(() => handles[1])
    const handles: [TaskHandle, TaskHandle] = [first(options), second()]
    pairs.push(handles)
  }
  const gate = newGate()
  // In one answer; in one message that one of them cannot be part of; at the end of both their times.
  pair(
    options => a.submit('echo', [1], options),
    () => a.submit('echo', [2]),
  )
  pair(
    options => a.submit('echo', [() => {}], options),
    () => a.submit('echo', [3]),
  )
  pair(
    options => a.submit('echo', [4], { ...options, delay: 60_000, queueTimeout: 20 }),
    () => a.submit('echo', [5], { delay: 60_000, queueTimeout: 20 }),
  )
  // On one thread that dies, and in one lane that is given up.
  pair(
    options => b.submit('wait', [gate], options),
    () => b.submit('wait', [gate]),
  )
  await arrived(gate, 2)
  b.submit('surviveIn', [9])
  c.submit('surviveIn', [9])
  pair(
    options => c.submit('echo', [6], { ...options, delay: 60_000 }),
    () => c.submit('echo', [7], { delay: 60_000 }),
  )
  for (const task of pairs.flat()) await task.wait()
  assert.equal(seen.map(String).sort(), [
    'true,DONE',
    'true,DONE',
    'true,FAILED',
    'true,FAILED',
    'true,TIMED_OUT',
  ])
  // One that holds its loop is told to end before its end is told.
  const holding = a.submit('hold', [60_000], {
    onCancel: () => void seen.push(a.submit('echo', ['next']).resultSync({ timeout: 20_000 })),
  })
  await holding.wait({ for: 'RUNNING' })
  holding.cancel()
  assert.is(seen.at(-1), 'next')
})

test('a callback may wait for what the same cancel, abort, failure or close ends', async () => {
  await using scheduler = await start({ a: {}, b: {} })
  await using other = await start({ c: {} })
  const { a, b } = scheduler.lanes
  const seen: string[] = []
  // Bounded, so that it says what it was, and not that it hung.
  const waitingFor = (name: string, second: () => TaskHandle) => {
    const wait = (): void =>
      void seen.push(`${name}: ${second().waitSync({ timeout: 5_000 })} ${second().state}`)
    return { onError: wait, onCancel: wait }
  }
  const first = a.submit('later', [60_000, 1])
  a.submit('echo', [1], { after: [first], ...waitingFor('cancel', () => dependent) })
  const dependent: TaskHandle = a.submit('echo', [2], { after: [first] })
  first.cancel()

  const controller = new AbortController()
  const { signal } = controller
  const ofOther = (): TaskHandle => foreign
  a.submit('later', [60_000, 1], { signal, ...waitingFor('abort', () => aborted) })
  a.submit('later', [60_000, 1], { signal, ...waitingFor('abort of another scheduler', ofOther) })
  const aborted: TaskHandle = b.submit('later', [60_000, 1], { signal })
  const foreign: TaskHandle = other.lanes.c.submit('later', [60_000, 1], { signal })
  controller.abort()

  const mapped: TaskHandle[] = []
  const rejected = a.map('hold', [60_000, 60_000], {
    onSubmit: task => void mapped.push(task),
    onCancel: task => {
      if (task === mapped[0]) seen.push(`map: ${mapped[1]!.waitSync({ timeout: 5_000 })} ${mapped[1]!.state}`)
    },
  })
  mapped[0]!.cancel()
  await rejected.catch(() => {})

  a.submit(
    'later',
    [60_000, 1],
    waitingFor('close', () => closed),
  )
  const closed: TaskHandle = b.submit('later', [60_000, 1])
  await scheduler.close({ timeout: 100 })
  assert.equal(seen, [
    'cancel: true FAILED',
    'abort: true CANCELED',
    'abort of another scheduler: true CANCELED',
    'map: true CANCELED',
    'close: true CANCELED',
  ])
})

test('the time of an AbortSignal does not pass while its thread is blocked', async () => {
  await using scheduler = await start({ a: {} })
  const gate = newGate()
  const task = scheduler.lanes.a.submit('wait', [gate], { signal: AbortSignal.timeout(10) })
  assert.is(task.waitSync({ timeout: 60 }), false)
  assert.is(await task.wait(), true)
  assert.is(task.state, 'CANCELED')
  openGate(gate)
})

test('map, run and submit mix with it', async () => {
  await using scheduler = await start({
    a: { queue: { limit: 10, overload: 'wait' } },
    b: { queue: { limit: 1 } },
  })
  const { a, b } = scheduler.lanes
  const items = Array.from({ length: 500 }, (_, i) => i)
  const mapped = a.map('echo', items)
  const ran = a.run('later', [5, 'ran'])
  assert.is(a.submit('echo', ['sync']).resultSync(), 'sync')
  assert.equal(await mapped, items)
  assert.is(await ran, 'ran')
  const gate = newGate()
  const holding = b.submit('block', [gate])
  holding.waitSync({ for: 'RUNNING' })
  b.submit('echo', [1])
  assert.instance(
    thrownBy(() => b.submit('echo', [2])),
    QueueFullError,
  )
  openGate(gate)
  assert.is(holding.resultSync(), 'passed')
})

test.run()
