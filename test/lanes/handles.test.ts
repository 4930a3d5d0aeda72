// @time-limit 60s
import {
  type LaneOptions,
  MultilaneError,
  NotCloneableError,
  ResultNotCloneableError,
  SchedulerThread,
  TaskCanceledError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MOST_KEPT } from '#src/bridge/kept-outcomes.js'
import { rejectionOf } from '../support/rejection.js'
import type * as handed from './tasks/handed.js'

const test = suite('lanes: handles as values')

const tasks = new URL('./tasks/handed.js', import.meta.url)

type Names = 'a' | 'b' | 'c'

const start = (lanes: { readonly [K in Names]?: LaneOptions } = {}) =>
  SchedulerThread.start<typeof handed, Names>({ tasks, lanes: { a: {}, b: {}, c: {}, ...lanes } })

test('a handle given to a task of another lane is awaited there: not started, running, and done before', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const running = a.submit('produce', ['running', 50])
  const waiting = a.submit('produce', ['waiting', 50], { delay: 100 })
  const done = a.submit('produce', ['done', 0])
  await done.result()
  assert.equal(await Promise.all([running, waiting, done].map(task => b.run('awaitIt', [task]))), [
    'running',
    'waiting',
    'done',
  ])
  assert.is((await scheduler.stats()).strays, 0)
})

test('handles inside plain objects and arrays arrive, the same one as the same', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const [one, two] = [a.submit('produceAtOnce', ['one']), a.submit('produceAtOnce', ['two'])]
  const nested = { list: [{ task: one }, { task: two }], again: one, other: 'rest' }
  assert.is(await b.run('awaitNested', [nested]), 'one,two,one same rest')
})

test('several tasks on several lanes wait for one, and the submitter gets its value as well', async () => {
  await using scheduler = await start({ b: { threads: 2 } })
  const { a, b, c } = scheduler.lanes
  const task = a.submit('produce', ['shared', 100])
  const waits = [b, c, b, a, c, b].map(lane => lane.run('awaitIt', [task]))
  assert.equal(await Promise.all(waits), new Array(6).fill('shared'))
  assert.is((await task.result()).text, 'shared')
})

test('while the submitter is blocked the value goes straight from the lane that made it', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  // Connected before: nothing else needs this thread.
  await b.run('awaitText', [a.submit('produceAtOnce', ['warm'])])
  const task = a.submit('produceBusily', ['straight', 100])
  const flag = new SharedArrayBuffer(4)
  const other = b.submit('signalAndAwait', [flag, task])
  await other.wait({ for: 'RUNNING' })
  const until = performance.now() + 10_000
  while (Atomics.load(new Int32Array(flag), 0) === 0 && performance.now() < until);
  assert.is(Atomics.load(new Int32Array(flag), 0), 1)
  assert.is(await other.result(), 'straight')
})

test('what is seen of a task where its handle was given is what its submitter sees', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produce', ['seen', 100], { delay: 100 })
  const seen = await b.run('look', [task])
  assert.equal([seen.id, seen.name, seen.lane, seen.state], [task.id, 'produce', 'a', 'SCHEDULED'])
  assert.ok(Math.abs(seen.submit - task.timestamps.submit) < 1)
  assert.equal(await b.run('watchStates', [task]), ['SCHEDULED', 'STARTED', 'DONE'])
})

test('a failure, a time-out and a cancel arrive as such', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const failed = a.submit('fail', [20])
  const late = a.submit('never', [], { timeout: 50 })
  const lateInQueue = a.submit('produceAtOnce', ['x'], { delay: 60_000, queueTimeout: 50 })
  const cancelled = a.submit('never', [])
  const outcomes = [failed, late, lateInQueue, cancelled].map(task => b.run('outcome', [task]))
  setTimeout(() => cancelled.cancel('no longer needed'), 50)
  assert.equal(await Promise.all(outcomes), [
    ['FAILED', 'RangeError', undefined],
    ['TIMED_OUT', 'TaskTimeoutError', 'timeout'],
    ['TIMED_OUT', 'TaskTimeoutError', 'queueTimeout'],
    ['CANCELED', 'TaskCanceledError', undefined],
  ])
  await Promise.all([failed, late, lateInQueue, cancelled].map(task => rejectionOf(task.result(), Error)))
})

test('a task passes a handle on, and back to the lane it is of', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produceBusily', ['passed', 50])
  assert.is(await b.run('passOn', ['c', task]), 'passed')
  assert.is(await b.run('passOn', ['a', task]), 'passed')
  assert.is(await b.run('passOn', ['b', task]), 'passed')
  assert.is(await b.run('makeAndPass', ['a', 'c', 50]), 'made')
  // Back to the very thread that has submitted it.
  assert.is(await b.run('makeAndPass', ['a', 'b', 50]), 'made')
})

test('waits for a start, and with a limit, work on a handle that was given', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produce', ['late', 300], { delay: 50 })
  assert.is(await b.run('waitsFor', [task, 20]), false)
  assert.is(await b.run('waitsToStart', [task]), true)
  assert.is(task.state, 'STARTED')
  assert.is(await b.run('waitsFor', [task, 10_000]), true)
})

test('whoever was given a handle may ask for its cancel', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('never', [])
  await task.wait({ for: 'RUNNING' })
  assert.is(await b.run('cancelIt', [task, 'from afar']), false)
  const error = await rejectionOf(task.result(), TaskCanceledError)
  assert.is(error.reason, 'from afar')
})

test('a task that is run again is waited for until its last attempt', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('fail', [5], { retries: { limit: 2, delay: 20 } })
  assert.equal(await b.run('outcome', [task]), ['FAILED', 'RangeError', undefined])
  await rejectionOf(task.result(), RangeError)
})

test('the value of a task whose handle was given away before its end is as its lane made it, whatever others do to theirs', async () => {
  await using scheduler = await start()
  const { a, b, c } = scheduler.lanes
  const task = a.submit('produce', ['made', 50])
  const first = b.run('spoilAndPass', ['c', task])
  const value = (await task.result()) as { text: string }
  value.text = 'changed by the submitter'
  assert.equal(await Promise.all([first, c.run('awaitIt', [task])]), ['made', 'made'])
})

test('a handle is given to a task whatever has become of the value since; who awaits it is told', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produce', ['made', 0])
  Object.assign(await task.result(), { close: () => {} })
  assert.is(await b.run('drop', [task]), 'produce')
  const { code, path } = await rejectionOf(b.run('awaitIt', [task]), ResultNotCloneableError)
  assert.equal([code, path], ['ERR_RESULT_NOT_CLONEABLE', 'result.close'])
})

test('a value is cloned for those alone who wait for it, once for each thread', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produce', ['made', 0])
  const value = await task.result()
  let clones = 0
  Object.defineProperty(value, 'text', {
    enumerable: true,
    get: () => `clone ${++clones}`,
  })
  await Promise.all(Array.from({ length: 100 }, () => b.run('drop', [task])))
  assert.is(clones, 0)
  assert.is(await b.run('awaitIt', [task]), 'clone 1')
  assert.is(await b.run('awaitIt', [task]), 'clone 1')
  assert.is(clones, 1)
})

test('that a task has ended is seen at once where its handle is given, without its value', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const [done, failed] = [a.submit('produce', ['made', 0]), a.submit('fail', [0])]
  await done.result()
  await rejectionOf(failed.result(), RangeError)
  const over = { started: true, ended: true, endedSync: true }
  assert.equal(await b.run('lookAtOnce', [done]), {
    state: 'DONE',
    timestamps: ['submit', 'start', 'done'],
    ...over,
  })
  assert.equal(await b.run('lookAtOnce', [failed]), {
    state: 'FAILED',
    timestamps: ['submit', 'start', 'error'],
    ...over,
  })
})

test('a value that its lane has kept is had synchronously while its submitter is blocked', async () => {
  await using scheduler = await start()
  const { a, b, c } = scheduler.lanes
  const task = a.submit('produceBusily', ['kept', 50])
  await b.run('keep', [task])
  await task.result()
  const flag = new SharedArrayBuffer(4)
  const other = c.submit('signalAfterResultSync', [flag, task])
  await other.wait({ for: 'RUNNING' })
  const until = performance.now() + 10_000
  while (Atomics.load(new Int32Array(flag), 0) === 0 && performance.now() < until);
  assert.is(Atomics.load(new Int32Array(flag), 0), 1)
  assert.is(await other.result(), 'kept')
})

test('when the thread that ran it has gone, its submitter has the value', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const task = a.submit('produceAtOnce', ['kept'], { delay: 30 })
  await b.run('keep', [task])
  await task.result()
  await rejectionOf(a.run('exit'), MultilaneError)
  assert.is(await b.run('awaitKept'), 'kept')
})

test('when so many others have ended on the thread since that it has not kept the value, its submitter has it', async () => {
  await using scheduler = await start({ a: { concurrency: 64 } })
  const { a, b } = scheduler.lanes
  // The delay is for the handles to be there before: else the values went with them.
  const tasks = Array.from({ length: MOST_KEPT + 300 }, (_, i) =>
    a.submit('produceAtOnce', [`value ${i}`], { delay: 300 }),
  )
  await b.run('keepAll', [tasks])
  await Promise.all(tasks.map(task => task.result()))
  assert.is(await b.run('awaitFirst', [], { timeout: 20_000 }), 'value 0')
})

test('when the thread that submitted it has gone, whoever waits is told', async () => {
  await using scheduler = await start()
  const { b, c } = scheduler.lanes
  await rejectionOf(b.run('makeKeepAndExit', ['a', 'c']), MultilaneError)
  const error = await rejectionOf(c.run('awaitKept'), MultilaneError)
  assert.ok(['ERR_LANE_CLOSED', 'ERR_RESULT_GONE'].includes(error.code), error.code)
})

test('large values arrive whole', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  assert.is(await b.run('sizeOf', [a.submit('big', [20])]), 20 * 1_048_576)
})

test('a handle of another scheduler is refused as an argument', async () => {
  await using one = await start()
  await using other = await start()
  const task = other.lanes.a.submit('produceAtOnce', ['foreign'])
  await rejectionOf(one.lanes.b.run('awaitText', [task]), NotCloneableError)
  assert.is(await task.result(), 'foreign')
})

test('inline, handles are given as on threads', async () => {
  await using scheduler = await SchedulerThread.inline<typeof handed, Names>({
    tasks,
    lanes: { a: {}, b: {}, c: {} },
  })
  const { a, b } = scheduler.lanes
  assert.is(await b.run('awaitText', [a.submit('produceAtOnce', ['inline'])]), 'inline')
  assert.is(await b.run('passOn', ['c', a.submit('produceBusily', ['on', 10])]), 'on')
})

test.run()
