import { MultilaneError, ResultNotCloneableError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf } from '../support/rejection.js'
import * as deep from './tasks/deep.js'

const test = suite('faults: values that can be written, and not be read')

/** A lane thread can write that, and the main thread, whose stack is smaller, cannot read it. */
const FOR_LANES = 3_000
/** One lane thread can write that, and another of the same stack cannot read it. */
const FOR_NOBODY = 8_000

const start = () =>
  SchedulerThread.start<typeof deep, 'a' | 'other'>({
    tasks: new URL('./tasks/deep.js', import.meta.url),
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

test.run()
