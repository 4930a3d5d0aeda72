import { SchedulerThread, UnknownTaskError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { heapInUse } from '../support/garbage.js'
import { newGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as loading from './tasks/loading.js'
import { Witness } from './witness.js'

const test = suite('faults: an unknown task name')
const both = testsInBothPlaces(test)

const workerData: loading.SetupPlan = { starts: newGate(), outcomes: ['works'] }
const options = {
  tasks: new URL('./tasks/loading.js', import.meta.url),
  lanes: { a: { workerData }, other: { workerData } },
}
const NAMES = ['block', 'echo', 'echoLater', 'exit', 'mark', 'thread', 'wait']

both('an unknown task name', async launch => {
  await using scheduler = await launch<typeof loading, 'a' | 'other'>(options)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  let errors = 0
  const task = a.submit('ecco' as 'echo', [1], { onError: () => void errors++ })
  const error = await rejectionOf(task.result(), UnknownTaskError)
  assert.is(error.code, 'ERR_TASK_UNKNOWN')
  assert.equal(error.names, NAMES)
  assert.match(error.message, 'ecco')
  for (const name of NAMES) assert.match(error.message, name)
  assert.is(task.state, 'FAILED')
  assert.is(errors, 1)
  await witness.kept()
})

both('hooks, other exports and what every object has are no tasks', async launch => {
  await using scheduler = await launch(options)
  const { a } = scheduler.lanes
  const names = ['setup', 'teardown', 'default', 'notAFunction', '', 'constructor', 'toString', '__proto__']
  for (const name of names) await rejectionOf(a.run(name, []), UnknownTaskError)
  assert.is(await a.run('echo', ['alive']), 'alive')
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('an unknown task name among a thousand known, also before the lane is ready', async () => {
  const scheduler = new SchedulerThread(options)
  const starting = scheduler.start()
  const { a } = scheduler.lanes
  const submit = () => Array.from({ length: 1000 }, (_, i) => a.run(i === 500 ? 'ecco' : 'echo', [i]))
  const early = submit()
  const [outcomes] = await Promise.all([Promise.allSettled(early), starting])
  const later = await Promise.allSettled(submit())
  for (const all of [outcomes, later]) {
    for (const [i, outcome] of all.entries()) {
      if (i !== 500) assert.equal(outcome, { status: 'fulfilled', value: i })
      else assert.instance((outcome as PromiseRejectedResult).reason, UnknownTaskError)
    }
  }
  await scheduler.close()
})

test('names that callers made up are not kept', async () => {
  await using scheduler = await SchedulerThread.start({ ...options, history: 0 })
  const { a } = scheduler.lanes
  // Of a million characters each, and none of them a part of another string.
  const madeUp = (i: number): string => Buffer.alloc(1_000_000, `${i} `).toString('latin1')
  await rejectionOf(a.run(madeUp(0)), UnknownTaskError)
  const before = heapInUse()
  for (let i = 1; i <= 40; i++) await rejectionOf(a.run(madeUp(i)), UnknownTaskError)
  const grown = heapInUse() - before
  assert.ok(grown < 20e6, `${grown} bytes`)
})

test.run()
