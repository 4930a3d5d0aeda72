import { InvalidArgumentError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { newGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'
import { Witness } from './witness.js'

const test = suite('faults: bad options')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const NO_NUMBERS = [...NOT_FINITE, '5', {}, 5n]

function expectRefused(options: unknown, option: string): void {
  const error = thrownBy(() => new SchedulerThread(options as never), InvalidArgumentError)
  assert.is(error.code, 'ERR_INVALID_ARG')
  assert.is(error.option, option)
  assert.match(error.message, option)
}

/** The same, for an option of a lane: `path` is where it is within the lane. */
function expectLaneRefused(path: string, value: unknown): void {
  const [outer = '', inner] = path.split('.')
  const lane = { [outer]: inner === undefined ? value : { [inner]: value } }
  expectRefused({ tasks, lanes: { bulk: lane } }, `lanes.bulk.${path}`)
}

test('NaN, negative or infinite threads, and the other numbers of a lane', () => {
  const positive = ['threads', 'concurrency', 'startTimeout', 'resourceLimits.maxOldGenerationSizeMb']
  const notNegative = ['grace', 'spin', 'restart.max', 'restart.within']
  for (const path of [...positive, ...notNegative]) {
    for (const value of [...NO_NUMBERS, -1, -0.5]) {
      // An object is the other way to say it, with options of its own.
      if (path !== 'threads' || typeof value !== 'object') expectLaneRefused(path, value)
    }
  }
  for (const path of positive) expectLaneRefused(path, 0)
  for (const path of ['threads', 'concurrency', 'restart.max']) expectLaneRefused(path, 1.5)
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, -1, 1.5, '5']) {
    expectLaneRefused('queue.limit', value)
  }
  expectLaneRefused('threads', 257)
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, -1, '5', 5n]) {
    expectLaneRefused('slowCallback', value)
    expectLaneRefused('stallAfter', value)
  }
  expectLaneRefused('stallAfter', 0.5)
})

test('the bounds of a lane’s threads', () => {
  const refused = (threads: object, path: string): void =>
    expectRefused({ tasks, lanes: { bulk: { threads } } }, `lanes.bulk.threads${path}`)
  const range = { min: 2, max: 4, idleTimeout: 5 }
  for (const value of [...NO_NUMBERS, -1, 0, 1.5, 257]) {
    refused({ ...range, min: value }, '.min')
    refused({ ...range, max: value }, '.max')
  }
  for (const value of [...NO_NUMBERS, -1]) refused({ ...range, idleTimeout: value }, '.idleTimeout')
  refused({ min: 3, max: 2 }, '.max')
  refused({ max: 2 }, '.min')
  refused({ min: 2 }, '.max')
  refused({ ...range, most: 5 }, '.most')
  refused([1, 2], '')
})

test('other options of a lane', () => {
  expectLaneRefused('priority', 'high')
  expectLaneRefused('os', 'realtime')
  expectLaneRefused('queue.overload', 'whatever')
  for (const value of ['Replace', 'restart', '', null, true, 1]) expectLaneRefused('onStall', value)
  for (const overload of ['whatever', '', 5, {}, 'toString', 'WAIT']) {
    expectLaneRefused('queue.overload', overload)
  }
  // What is to wait for room, or to take another's, needs some.
  for (const overload of ['wait', 'drop-oldest', 'drop-expired'] as const) {
    expectRefused({ tasks, lanes: { bulk: { queue: { limit: 0, overload } } } }, 'lanes.bulk.queue.limit')
  }
  expectLaneRefused('env.PATH', 5)
  expectLaneRefused('execArgv', 'text')
  expectLaneRefused('execArgv', [1])
  for (const path of ['queue', 'restart', 'resourceLimits', 'env']) expectLaneRefused(path, 5)
  for (const module of [5, '', './relative.js', 'bare']) expectLaneRefused('tasks', module)
})

test('null is no option left out', () => {
  const outer = [
    'priority',
    'threads',
    'concurrency',
    'queue',
    'grace',
    'spin',
    'os',
    'slowCallback',
    'tasks',
  ]
  const others = ['stallAfter', 'onStall', 'restart', 'startTimeout', 'resourceLimits', 'env', 'execArgv']
  const inner = ['queue.limit', 'queue.overload', 'restart.max', 'restart.within']
  for (const path of [...outer, ...others, ...inner]) expectLaneRefused(path, null)
})

test('options that do not exist', () => {
  expectRefused({ tasks, lanes: { bulk: {} }, lane: {} }, 'lane')
  for (const path of ['thread', 'queue.size', 'restart.times', 'resourceLimits.heap']) {
    expectLaneRefused(path, 1)
  }
})

test('options of a scheduler', () => {
  for (const options of [undefined, null, 5, 'text', []]) expectRefused(options, 'options')
  for (const lanes of [undefined, null, {}, [], 5]) expectRefused({ tasks, lanes }, 'lanes')
  for (const lane of [undefined, null, 5, []]) expectRefused({ tasks, lanes: { bulk: lane } }, 'lanes.bulk')
  expectRefused({ lanes: { bulk: {} } }, 'tasks')
  expectRefused({ tasks: 'relative.js', lanes: { bulk: {} } }, 'tasks')
})

both('start() rejects with it, at once', async launch => {
  const start = launch({ tasks, lanes: { bulk: { threads: Number.NaN } } })
  assert.is((await rejectionOf(start, InvalidArgumentError)).option, 'lanes.bulk.threads')
})

both('NaN, negative or infinite delay, timeout, priority and the other options of a task', async launch => {
  await using scheduler = await launch<typeof plain, 'a' | 'other'>({ tasks, lanes: { a: {}, other: {} } })
  const witness = await Witness.of(scheduler, 'other')
  const { a } = scheduler.lanes
  const marks = newGate()
  let callbacks = 0
  const onSubmit = (): void => void callbacks++
  const refused = async (option: string, value: unknown): Promise<void> => {
    const options = { onSubmit, [option]: value } as never
    const error = thrownBy(() => a.submit('mark', [marks], options), InvalidArgumentError)
    assert.is(error.code, 'ERR_INVALID_ARG')
    assert.is(error.option, option)
    assert.match(error.message, option)
    assert.is((await rejectionOf(a.run('mark', [marks], options), InvalidArgumentError)).option, option)
    assert.is((await rejectionOf(a.map('mark', [marks], options), InvalidArgumentError)).option, option)
  }
  const refusedWithin = async (
    outer: string,
    inner: string,
    values: readonly unknown[],
    rest: object,
  ): Promise<void> => {
    for (const value of values) {
      const options = { onSubmit, [outer]: { ...rest, [inner]: value } } as never
      const error = await rejectionOf(a.run('mark', [marks], options), InvalidArgumentError)
      assert.is(error.option, `${outer}.${inner}`)
      assert.match(error.message, `${outer}.${inner}`)
    }
  }
  for (const option of ['delay', 'timeout', 'queueTimeout', 'deadline', 'priority']) {
    for (const value of [...NO_NUMBERS, -1]) await refused(option, value)
  }
  await refused('priority', 1.5)
  await refused('priority', 1_000_001)
  await refused('signal', {})
  await refused('transfer', {})
  await refused('idempotent', 'yes')
  for (const value of [...NO_NUMBERS.filter(one => typeof one === 'number'), -1, 0.5, 1_000_001])
    await refused('retries', value)
  for (const value of ['5', true, null, [], 5n]) await refused('retries', value)
  await refusedWithin('retries', 'limit', [...NO_NUMBERS, -1, 0.5, undefined, 1_000_001], {})
  for (const inner of ['delay', 'maxDelay']) {
    await refusedWithin('retries', inner, [...NO_NUMBERS, -1], { limit: 1 })
    await refusedWithin('retries', inner, [...NO_NUMBERS, -1], { limit: 0 })
  }
  await refusedWithin('retries', 'times', [1], { limit: 1 })
  for (const value of [5, {}, null, ['a'], Symbol('a')]) await refused('key', value)
  for (const callback of ['onStart', 'onDone', 'onError', 'onTimeout', 'onCancel']) await refused(callback, 5)
  const buffer = new ArrayBuffer(8)
  for (const value of [1, null, {}, [], new Uint8Array(buffer), new SharedArrayBuffer(8), buffer]) {
    const options = { onSubmit, transfer: [buffer, value] } as never
    const error = await rejectionOf(a.run('mark', [marks], options), InvalidArgumentError)
    assert.is(error.option, 'transfer[1]')
    assert.match(error.message, 'transfer[1]')
  }
  for (const [retries, option] of [
    [1, 'retries'],
    [{ limit: 1 }, 'retries.limit'],
  ] as const) {
    const both = { retries, transfer: [buffer] }
    const error = thrownBy(() => a.submit('echo', [buffer], both), InvalidArgumentError)
    assert.is(error.option, option, 'what is handed over cannot be sent twice')
  }
  assert.is(buffer.byteLength, 8)
  await witness.lanes.a.run('echo', [1], { retries: 0, transfer: [new ArrayBuffer(8)], key: '' })
  await witness.lanes.a.run('echo', [1])
  assert.is(Atomics.load(marks, 0), 0, 'no refused task runs')
  assert.is(callbacks, 0, 'nor calls back')
  await witness.kept()
})

both('other arguments', async launch => {
  await using scheduler = await launch({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  const option = (call: () => unknown): string => thrownBy(call, InvalidArgumentError).option
  assert.is(
    option(() => a.submit('echo', [1], { timeOut: 5 } as never)),
    'options.timeOut',
  )
  assert.is(
    option(() => a.submit('echo', [1], 5 as never)),
    'options',
  )
  assert.is(
    option(() => a.submit('echo', 'text' as never)),
    'args',
  )
  assert.is(
    option(() => a.submit(5 as never, [])),
    'name',
  )
  assert.is(
    option(() => scheduler.submitTask('b' as never, 'echo', [])),
    'lane',
  )
  assert.is(
    option(() => scheduler.submitTask('toString' as never, 'echo', [])),
    'lane',
  )
  for (const items of [undefined, null, 5, {}]) {
    assert.is((await rejectionOf(a.map('echo', items as never), InvalidArgumentError)).option, 'items')
  }
  const task = a.submit('echo', [1])
  for (const none of [{}, 5.5, 'text', null, undefined]) {
    for (const call of ['taskState', 'cancelTask', 'taskInfo'] as const) {
      assert.is(
        option(() => scheduler[call](none as never)),
        'task',
      )
    }
    const waiting = scheduler.waitTask(none as never)
    assert.is((await rejectionOf(waiting, InvalidArgumentError)).option, 'task')
  }
  for (const none of [null, 5, 'text', []]) {
    for (const call of ['stop', 'close'] as const) {
      assert.is(
        option(() => scheduler[call](none as never)),
        'options',
      )
    }
  }
  for (const priority of [...NO_NUMBERS, -1, 1.5, 1_000_001, undefined]) {
    assert.is(
      option(() => task.setPriority(priority as never)),
      'priority',
    )
  }
  for (const timeout of [...NO_NUMBERS, -1]) {
    assert.is((await rejectionOf(task.wait({ timeout } as never), InvalidArgumentError)).option, 'timeout')
    assert.is(
      option(() => scheduler.close({ timeout } as never)),
      'timeout',
    )
    assert.is(
      option(() => scheduler.stop({ timeout } as never)),
      'timeout',
    )
  }
  assert.is(
    (await rejectionOf(task.wait({ within: 5 } as never), InvalidArgumentError)).option,
    'options.within',
  )
  assert.is(await task.result(), 1)
})

test.run()
