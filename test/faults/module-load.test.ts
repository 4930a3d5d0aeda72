import { setTimeout as sleep } from 'node:timers/promises'
import { LaneError, SchedulerThread, TaskLoadError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as loading from './tasks/loading.js'
import { Witness } from './witness.js'

const test = suite('faults: a task module that does not load')
const both = testsInBothPlaces(test)

const module = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`
const loadingTasks = new URL('./tasks/loading.js', import.meta.url)

both('task module missing', async launch => {
  const tasks = new URL('./tasks/there-is-none.js', import.meta.url)
  const error = await rejectionOf(launch({ tasks, lanes: { a: {}, b: {} } }), TaskLoadError)
  assert.is(error.code, 'ERR_TASK_LOAD')
  assert.match(error.message, 'there-is-none')
  assert.is((error.cause as { code?: unknown }).code, 'ERR_MODULE_NOT_FOUND')
})

both('task module with a syntax error', async launch => {
  const starting = launch({ tasks: module('export const = 1'), lanes: { a: {} } })
  const error = await rejectionOf(starting, TaskLoadError)
  assert.is(error.code, 'ERR_TASK_LOAD')
  assert.instance(error.cause, SyntaxError)
})

both('task module that throws at its top', async launch => {
  const tasks = module(`throw new RangeError('planted')`)
  const error = await rejectionOf(launch({ tasks, lanes: { a: { threads: 2 } } }), TaskLoadError)
  assert.instance(error.cause, RangeError)
  assert.is((error.cause as RangeError).message, 'planted')
})

both('task module with an export that cannot be read', async launch => {
  const source = `export default { get broken() { throw new RangeError('planted') } }`
  const error = await rejectionOf(launch({ tasks: module(source), lanes: { a: {} } }), TaskLoadError)
  assert.is((error.cause as RangeError).message, 'planted')
})

/** What has no text, and errors that refuse to be looked at, as expressions. */
const TEXTLESS = [
  'Object.create(null)',
  '{ toString: 1, valueOf: 1 }',
  `Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })`,
  `new Proxy(new Error('x'), { ownKeys() { throw 1 } })`,
  `new Proxy(new Error('x'), { getPrototypeOf() { throw 1 } })`,
]

both('task module, or its setup, that throws what cannot be told in words', async launch => {
  for (const thrown of TEXTLESS) {
    for (const source of [`throw ${thrown}`, `export function setup() { throw ${thrown} }`]) {
      const error = await rejectionOf(launch({ tasks: module(source), lanes: { a: {} } }), TaskLoadError)
      assert.is(error.code, 'ERR_TASK_LOAD')
      assert.match(error.message, /failed: .|could not be loaded: ./)
    }
  }
})

test('task module awaiting for ever at its top', async () => {
  for (const source of ['await new Promise(() => {})', 'for (;;);']) {
    const lanes = { a: { startTimeout: 300 } }
    const error = await rejectionOf(SchedulerThread.start({ tasks: module(source), lanes }), LaneError)
    assert.is(error.code, 'ERR_LANE_START_TIMEOUT')
    assert.is(error.lane, 'a')
  }
})

test('execArgv that Node refuses, and execArgv that keep a thread from starting', async () => {
  const tasks = new URL('./tasks/plain.js', import.meta.url)
  const start = (execArgv: string[]) =>
    SchedulerThread.start({ tasks, lanes: { good: {}, bad: { execArgv } } })
  const refused = await rejectionOf(start(['--there-is-none']), LaneError)
  assert.is(refused.code, 'ERR_LANE_CLOSED')
  assert.match(refused.message, '--there-is-none')
  assert.is((refused.cause as { code?: unknown }).code, 'ERR_WORKER_INVALID_EXEC_ARGV')

  const missing = await rejectionOf(start(['--import', 'data:text/javascript,import "x:y"']), LaneError)
  assert.is(missing.code, 'ERR_LANE_EXITED')
  assert.is(missing.lane, 'bad')
  assert.match(missing.message, `a thread of lane 'bad' could not start: `)
  assert.is(missing.exitCode, undefined)
  assert.instance(missing.cause, Error)
})

test('one lane that cannot start does not leave the others running', async () => {
  const scheduler = new SchedulerThread<typeof loading, 'good' | 'bad'>({
    tasks: new URL('./tasks/plain.js', import.meta.url),
    lanes: { good: {}, bad: { tasks: module('throw 1') } },
  })
  await rejectionOf(scheduler.start(), TaskLoadError)
  for (const lane of ['good', 'bad'] as const) {
    assert.is(thrownBy(() => scheduler.lanes[lane].submit('echo', [1]), TaskLoadError).code, 'ERR_TASK_LOAD')
  }
  await scheduler.close()
})

test('once each caller: tasks submitted meanwhile fail with it too', async () => {
  const scheduler = new SchedulerThread({ tasks: module('throw 1'), lanes: { a: {} } })
  const starting = scheduler.start()
  assert.is(scheduler.start(), starting)
  let errors = 0
  const options = { onError: () => void errors++ }
  const early = Array.from({ length: 10 }, () => scheduler.lanes.a.submit('echo', [1], options))
  const delayed = scheduler.lanes.a.submit('echo', [1], { delay: 60_000 })
  await rejectionOf(starting, TaskLoadError)
  for (const task of [...early, delayed]) {
    assert.is((await rejectionOf(task.result(), TaskLoadError)).code, 'ERR_TASK_LOAD')
    assert.is(task.state, 'FAILED')
  }
  assert.is(errors, 10)
  await scheduler.close()
})

test('a callback may cancel its neighbour while both fail with the start', async () => {
  const scheduler = new SchedulerThread({ tasks: module('throw 1'), lanes: { a: {} } })
  const starting = scheduler.start()
  const { a } = scheduler.lanes
  const cancelled: boolean[] = []
  const first = a.submit('echo', [1], { onError: () => void cancelled.push(second.cancel()) })
  const second = a.submit('echo', [2])
  const third = a.submit('echo', [3])
  await rejectionOf(starting, TaskLoadError)
  for (const task of [first, third]) await rejectionOf(task.result(), TaskLoadError)
  await rejectionOf(second.result(), Error)
  await eventually('the callback has come', () => cancelled.length > 0)
  // It may come before the neighbour has failed, or after.
  assert.equal([cancelled, second.state], cancelled[0] ? [[true], 'CANCELED'] : [[false], 'FAILED'])
  await scheduler.close()
})

test('setup throwing', async () => {
  const starts = newGate()
  const workerData: loading.SetupPlan = { starts, outcomes: ['throws', 'works'] }
  const scheduler = new SchedulerThread<typeof loading, 'a'>({
    tasks: loadingTasks,
    lanes: { a: { workerData } },
  })
  const error = await rejectionOf(scheduler.start(), TaskLoadError)
  assert.is(error.code, 'ERR_TASK_LOAD')
  assert.instance(error.cause, RangeError)
  assert.is((error.cause as RangeError).message, 'setup does not want to')
  assert.is(arrivals(starts), 1)
  // A failed start may be tried again.
  assert.is(await scheduler.start(), scheduler)
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
  await scheduler.close()
})

both('setup that never ends', async launch => {
  const workerData: loading.SetupPlan = { starts: newGate(), outcomes: ['hangs'] }
  const lanes = { a: { workerData, startTimeout: 300 } }
  const error = await rejectionOf(launch({ tasks: loadingTasks, lanes }), LaneError)
  assert.is(error.code, 'ERR_LANE_START_TIMEOUT')
})

test('a module that no longer loads counts toward the restart limit', async () => {
  for (const outcome of ['throws', 'hangs'] as const) {
    const starts = newGate()
    const workerData: loading.SetupPlan = { starts, outcomes: ['works', outcome] }
    const other = { workerData: { starts: newGate(), outcomes: ['works'] } satisfies loading.SetupPlan }
    await using scheduler = await SchedulerThread.start<typeof loading, 'a' | 'other'>({
      tasks: loadingTasks,
      // Long enough for a thread to boot on a busy machine: what hangs must be the setup.
      lanes: { a: { workerData, startTimeout: 2_000, restart: { max: 2, within: 120_000 } }, other },
    })
    const witness = await Witness.of(scheduler, 'other')
    const { a } = witness.lanes
    const killer = a.submit('exit', [1])
    const waiting = a.submit('echo', [1])
    assert.is((await rejectionOf(killer.result(), LaneError)).code, 'ERR_LANE_EXITED')
    const error = await rejectionOf(waiting.result(), LaneError)
    assert.is(error.code, 'ERR_LANE_FAILED')
    if (outcome === 'throws') assert.instance(error.cause, TaskLoadError)
    assert.is(arrivals(starts), 3)
    await eventually('no thread is left', async () => (await scheduler.stats()).lanes.a?.threads === 0)
    await witness.kept({ failed: ['a'] })
    assert.is(arrivals(starts), 3, 'nothing is spawned after that')
  }
})

test('threads that fail to start count, though each takes longer over it than the time that losses are counted in', async () => {
  const starts = newGate()
  const workerData: loading.SetupPlan = { starts, outcomes: ['works', 'hangs'] }
  await using scheduler = await SchedulerThread.start<typeof loading, 'a'>({
    tasks: loadingTasks,
    lanes: { a: { workerData, startTimeout: 2_000, restart: { max: 2, within: 1_000 } } },
  })
  const { a } = scheduler.lanes
  const killer = a.submit('exit', [1])
  const waiting = a.submit('echo', [1])
  assert.is((await rejectionOf(killer.result(), LaneError)).code, 'ERR_LANE_EXITED')
  assert.is((await rejectionOf(waiting.result(), LaneError)).code, 'ERR_LANE_FAILED')
  // The death was too long ago by then.
  assert.is(arrivals(starts), 4)
})

test('a thread that a task ends while others of its lane still start is replaced, and fails no start', async () => {
  const gate = newGate()
  const plan: loading.SetupPlan = { starts: newGate(), outcomes: ['works', 'waits', 'works'], gate }
  const scheduler = new SchedulerThread<typeof loading, 'a'>({
    tasks: loadingTasks,
    lanes: { a: { workerData: plan, threads: 2 } },
  })
  const starting = scheduler.start()
  const killer = scheduler.lanes.a.submit('exit', [1])
  assert.is((await rejectionOf(killer.result(), LaneError)).code, 'ERR_LANE_EXITED')
  assert.is(await scheduler.lanes.a.run('echo', ['moved']), 'moved')
  openGate(gate)
  assert.is(await starting, scheduler)
  const { lanes } = await scheduler.stats()
  assert.equal([lanes.a?.threads, lanes.a?.restarts], [2, 1])
  await scheduler.close()
})

test('a lane that is given up while it starts fails the start', async () => {
  const plan: loading.SetupPlan = {
    starts: newGate(),
    outcomes: ['works', 'waits', 'works'],
    gate: newGate(),
  }
  const scheduler = new SchedulerThread<typeof loading, 'a'>({
    tasks: loadingTasks,
    lanes: { a: { workerData: plan, threads: 2, restart: { max: 0, within: 120_000 } } },
  })
  const starting = scheduler.start()
  const killer = scheduler.lanes.a.submit('exit', [1])
  assert.is((await rejectionOf(killer.result(), LaneError)).code, 'ERR_LANE_EXITED')
  assert.is((await rejectionOf(starting, LaneError)).code, 'ERR_LANE_FAILED')
  await scheduler.close()
})

test('a lane that is given up starts no thread any more, though one was to be replaced', async () => {
  const workerData: loading.SetupPlan = { starts: newGate(), outcomes: ['works'] }
  await using scheduler = await SchedulerThread.start<typeof loading, 'a'>({
    tasks: loadingTasks,
    lanes: { a: { workerData, threads: 3, concurrency: 1, restart: { max: 2, within: 120_000 } } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const killers = Array.from({ length: 3 }, () => a.submit('blockAndExit', [gate, 1]))
  await arrived(gate, 3)
  // All at once: the last is lost while the replacement of another is put off.
  openGate(gate)
  for (const task of killers) await rejectionOf(task.result(), LaneError)
  assert.is((await rejectionOf(a.run('echo', [1]), LaneError)).code, 'ERR_LANE_FAILED')
  // Long enough for a thread to start.
  await sleep(1_000)
  assert.is((await scheduler.stats()).lanes.a?.threads, 0)
})

test.run()
