import { SchedulerThread, TaskTimeoutError } from 'multilane'
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

test.run()
