import {
  MultilaneError,
  NotCloneableError,
  ResultNotCloneableError,
  SchedulerThread,
  TaskThrewError,
  TaskTimeoutError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { rejectionOf } from '../support/rejection.js'
import type * as throwers from './tasks/throwers.js'
import { Witness } from './witness.js'

const test = suite('faults: values that cannot cross')
const both = testsInBothPlaces(test)

const options = { tasks: new URL('./tasks/throwers.js', import.meta.url), lanes: { a: {}, other: {} } }
const start = (launch: Launch) => launch<typeof throwers, 'a' | 'other'>(options)

both('uncloneable argument', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const culprit = 500
  const argument = (i: number) => (i === culprit ? { deep: [{ onDone: () => i }] } : { deep: [i] })
  const handles = Array.from({ length: 1000 }, (_, i) => witness.lanes.a.submit('echo', [argument(i)]))
  const outcomes = await Promise.allSettled(handles.map(handle => handle.result()))
  for (const [i, outcome] of outcomes.entries()) {
    if (i === culprit) continue
    assert.equal(outcome, { status: 'fulfilled', value: { deep: [i] } })
    assert.is(handles[i]?.state, 'DONE')
  }
  const error = await rejectionOf(handles[culprit]!.result(), NotCloneableError)
  assert.is(error.code, 'ERR_NOT_CLONEABLE')
  assert.is(error.path, 'args[0].deep[0].onDone')
  assert.match(error.message, 'args[0].deep[0].onDone')
  assert.is(handles[culprit]?.state, 'FAILED')
  await witness.kept()
  const { lanes } = await scheduler.stats()
  assert.is(lanes.a?.waiting, 0)
  assert.is(lanes.a?.restarts, 0)
})

test('an uncloneable argument of a task whose time runs out while it is read: the first of the two is its end', async () => {
  await using scheduler = await new SchedulerThread(options).start()
  const argument = {
    get late() {
      // It is read while the task still waits to be sent, too.
      const giveUp = performance.now() + 30_000
      while (handle.state === 'SCHEDULED' && performance.now() < giveUp) {}
      return () => 0
    },
  }
  const handle = scheduler.lanes.a.submit('echo', [argument], { queueTimeout: 50 })
  const error = await rejectionOf(handle.result(), TaskTimeoutError)
  assert.is(error.limit, 'queueTimeout')
  assert.is(handle.state, 'TIMED_OUT')
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
  const { lanes } = await scheduler.stats()
  assert.is(lanes.a?.waiting, 0)
})

both('uncloneable argument: what it is and where', async launch => {
  await using scheduler = await launch(options)
  const cyclic: { self?: unknown; symbol?: symbol } = {}
  cyclic.self = cyclic
  cyclic.symbol = Symbol('s')
  const cases: readonly (readonly [args: readonly unknown[], path: string])[] = [
    [[() => 1], 'args[0]'],
    [[1, Symbol('s')], 'args[1]'],
    [[1, 2, { list: [1, Promise.resolve()] }], 'args[2].list[1]'],
    [[new Map([['key', () => 1]])], "args[0].get('key')"],
    [[new Set([new WeakMap()])], 'args[0].values()[0]'],
    [[cyclic], 'args[0].symbol'],
  ]
  for (const [args, path] of cases) {
    const error = await rejectionOf(scheduler.lanes.a.run('echo', [...args]), NotCloneableError)
    assert.is(error.path, path)
  }
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
})

both('a result whose `then` cannot be read is a rejection', async launch => {
  await using scheduler = await start(launch)
  for (let round = 0; round < 3; round++) {
    await rejectionOf(scheduler.lanes.a.run('giveUnreadable'), TypeError)
    assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
  }
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
})

both('uncloneable argument: a credit is not lost with it', async launch => {
  await using scheduler = await launch({ ...options, lanes: { a: { concurrency: 1 } } })
  for (let i = 0; i < 1000; i++)
    await rejectionOf(scheduler.lanes.a.run('echo', [() => i]), NotCloneableError)
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
})

both('uncloneable result, or a thrown function or symbol: the result', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const cases = [
    ['function', 'result'],
    ['symbol', 'result'],
    ['nested', 'result.list[1].handler'],
    ['map', "result.get('key')"],
  ] as const
  for (const name of ['give', 'giveLater'] as const) {
    for (const [which, path] of cases) {
      const task = a.submit(name, [which])
      const error = await rejectionOf(task.result(), ResultNotCloneableError)
      assert.is(error.code, 'ERR_RESULT_NOT_CLONEABLE')
      assert.is(error.path, path)
      assert.is(task.state, 'FAILED')
    }
  }
  const batch = Array.from({ length: 200 }, (_, i) =>
    i % 50 === 25 ? a.run('give', ['function']) : a.run('echo', [i]),
  )
  for (const [i, outcome] of (await Promise.allSettled(batch)).entries()) {
    if (i % 50 !== 25) assert.equal(outcome, { status: 'fulfilled', value: i })
    else await rejectionOf(batch[i]!, ResultNotCloneableError)
  }
  await witness.kept()
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
})

both('uncloneable result, or a thrown function or symbol: what is thrown', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  for (const name of ['throwValue', 'throwValueLater'] as const) {
    for (const which of ['function', 'symbol', 'object with a function']) {
      const error = await rejectionOf(witness.lanes.a.run(name, [which]), ResultNotCloneableError)
      assert.is(error.code, 'ERR_RESULT_NOT_CLONEABLE')
      assert.ok(error.path.startsWith('thrown'), error.path)
      assert.instance(error, Error)
    }
  }
  await witness.kept()
})

both('a thrown null, string or number', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const thrown: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['string', 'a string'],
    ['number', 42],
    ['object', { reason: 'plain', at: new Date(0) }],
  ]
  for (const name of ['throwValue', 'throwValueLater'] as const) {
    for (const [which, value] of thrown) {
      const error = await rejectionOf(witness.lanes.a.run(name, [which]), TaskThrewError)
      assert.is(error.code, 'ERR_TASK_THREW')
      assert.instance(error, MultilaneError)
      assert.instance(error, Error)
      assert.equal(error.value, value)
      assert.ok('value' in error)
    }
  }
  await witness.kept()
})

test.run()
