import {
  AsyncScheduler,
  MultilaneError,
  NotCloneableError,
  ResultNotCloneableError,
  SchedulerThread,
  SyncTask,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf } from '../support/rejection.js'
import * as deep from './tasks/deep.js'

const test = suite('faults: values that can be written, and not be read')

/** A lane thread can write that, and the main thread, whose stack is smaller, cannot read it. */
const FOR_LANES = 3_000
/** One lane thread can write that, and another of the same stack cannot read it. */
const FOR_NOBODY = 8_000

/** The main thread can write that, and a thread with a stack of a megabyte cannot read it. */
const FOR_SMALL = 2_500

const MODULE = new URL('./tasks/deep.js', import.meta.url)

const start = () =>
  SchedulerThread.start<typeof deep, 'a' | 'other'>({
    tasks: MODULE,
    lanes: { a: {}, other: {} },
  })
type Scheduler = Awaited<ReturnType<typeof start>>

/** Nothing is left over, and no thread has been lost. */
async function expectRest(scheduler: Scheduler): Promise<void> {
  const { lanes, unfinished, strays } = await scheduler.stats()
  assert.equal([unfinished, strays, lanes.a?.restarts, lanes.other?.restarts], [0, 0, 0, 0])
}

test('a result nested too deep to be read', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  for (let round = 0; round < 3; round++) {
    const error = await rejectionOf(a.run('nest', [FOR_LANES]), ResultNotCloneableError)
    assert.is(error.path, 'result')
    assert.match(String(error.cause), 'nested too deep')
    assert.is(await a.run('echo', [round]), round)
  }
  assert.is(deep.levelsOf(await a.run('nest', [1_000])), 1_000)
  await expectRest(scheduler)
})

test('what comes in one message with such a result: what is idempotent is run again, and from then on each comes alone', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const mates = (offset: number) =>
    Array.from({ length: 20 }, (_, i) => a.submit('echo', [offset + i], { idempotent: true }))
  for (const offset of [0, 100]) {
    const before = mates(offset)
    const culprit = a.submit('nest', [FOR_LANES])
    const after = mates(offset + 50)
    await rejectionOf(culprit.result(), ResultNotCloneableError)
    const values = await Promise.all([...before, ...after].map(mate => mate.result()))
    assert.equal(values[0], offset)
    assert.equal(new Set(values).size, 40)
  }
  const plain = [a.submit('echo', [1]), a.submit('nest', [FOR_LANES]), a.submit('echo', [2])]
  const outcomes = await Promise.allSettled(plain.map(task => task.result()))
  assert.equal(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await expectRest(scheduler)
})

test('a synchronous wait for such a result', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const culprit = a.submit('nest', [FOR_LANES])
  let thrown: unknown
  try {
    culprit.resultSync()
  } catch (error) {
    thrown = error
  }
  assert.instance(thrown, ResultNotCloneableError)
  assert.is(a.submit('echo', ['next']).resultSync(), 'next')
  await expectRest(scheduler)
})

test('a thrown error that has such a field arrives, with a text in its place', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const error = await rejectionOf(a.run('throwNested', [FOR_LANES]), RangeError)
  assert.is(error.message, 'deep')
  assert.equal(Object.entries(error).sort(), [
    ['code', 'E_DEEP'],
    ['nested', 'an object'],
  ])
  await expectRest(scheduler)
})

test('an argument nested too deep to be read: it alone fails, and what it was to leave with runs', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  assert.equal(await a.run('giveNested', ['other', FOR_NOBODY]), ['ERR_NOT_CLONEABLE', 'beside', 'after'])
  assert.equal(await a.run('giveNested', ['other', 1_000]), ['1000', 'beside', 'after'])
  await expectRest(scheduler)
})

test('a result that is not to be had by a handle on another thread, since it is nested too deep', async () => {
  await using scheduler = await start()
  const { a, other } = scheduler.lanes
  const made = a.submit('nest', [1_500])
  const error = await rejectionOf(other.run('levelsIn', [made]), MultilaneError)
  assert.is(error.code, 'ERR_RESULT_NOT_CLONEABLE')
  assert.is(deep.levelsOf(await made.result()), 1_500)
  assert.is(await other.run('levelsIn', [a.submit('nest', [900])]), 900)
  await expectRest(scheduler)
})

/** A pool of one thread, which is to be the same all along: it counts what it runs. */
async function startPool(stackSizeMb: number) {
  const scheduler = await AsyncScheduler.start({ pool: { threads: 1, resourceLimits: { stackSizeMb } } })
  const lost: unknown[] = []
  scheduler.on('restart', event => lost.push(event))
  scheduler.on('error', error => lost.push(error))
  return {
    lost,
    submit: (name: string, ...args: unknown[]) => scheduler.submitTask(new SyncTask(MODULE, name, args)),
    run: (name: string, ...args: unknown[]) =>
      scheduler.run(new SyncTask(MODULE, name, args), { timeout: 5_000 }),
    [Symbol.asyncDispose]: () => scheduler.close(),
  }
}

test('what a blocking function returns nested too deep, and its thread goes on', async () => {
  await using pool = await startPool(4)
  for (let round = 1; round <= 3; round++) {
    const culprit = pool.run('nest', FOR_LANES)
    const next = pool.run('count')
    const error = await rejectionOf(culprit, ResultNotCloneableError)
    assert.is(error.path, 'result')
    assert.match(String(error.cause), 'nested too deep')
    assert.is(await next, round)
  }
  assert.is(deep.levelsOf((await pool.run('nest', 1_000)) as deep.Nested), 1_000)
  assert.equal(pool.lost, [])
})

test('arguments for a blocking function nested too deep, and its thread goes on', async () => {
  await using pool = await startPool(1)
  for (let round = 1; round <= 3; round++) {
    const culprit = pool.submit('levelsOf', deep.nest(FOR_SMALL))
    const next = pool.run('count')
    const error = await rejectionOf(culprit.result(), NotCloneableError)
    assert.is(error.path, 'args')
    assert.match(String(error.cause), 'nested too deep')
    assert.is(culprit.timestamps.start, undefined)
    assert.is(await next, round)
  }
  assert.is(await pool.run('levelsOf', deep.nest(500)), 500)
  assert.equal(pool.lost, [])
})

test('one with such arguments that is cancelled before its thread has them', async () => {
  await using pool = await startPool(1)
  await pool.run('count')
  const culprit = pool.submit('levelsOf', deep.nest(FOR_SMALL))
  // By then it has left, and nothing can have come.
  await new Promise(resolve => process.nextTick(resolve))
  assert.is(culprit.state, 'SCHEDULED')
  assert.is(culprit.cancel(), true)
  assert.is(await pool.run('count'), 2)
  assert.is(culprit.state, 'CANCELED')
  assert.equal(pool.lost, [])
})

test.run()
