import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { reasonOf } from '../support/rejection.js'
import type * as handed from './tasks/handed.js'

const test = suite('lanes: the reason of a signal, for all who await the task')
const both = testsInBothPlaces(test)

type Scheduler = SchedulerThread<typeof handed, 'a' | 'b'>

const options = { tasks: new URL('./tasks/handed.js', import.meta.url), lanes: { a: {}, b: {} } }

/** Cancels a running task. @returns why, as tasks are told: first those that had its handle before, then others */
async function toldOf({ lanes: { a, b } }: Scheduler, reason: unknown): Promise<unknown[]> {
  const controller = new AbortController()
  const task = a.submit('never', [], { signal: controller.signal })
  await task.wait({ for: 'RUNNING' })
  const before = [b.submit('reasons', [task]), a.submit('reasonsBeyond', [task])]
  for (const waiting of before) await waiting.wait({ for: 'RUNNING' })
  controller.abort(reason)
  assert.is(await reasonOf(task.result()), reason)
  const after = [b.submit('reasons', [task]), a.submit('reasonsBeyond', [task])]
  return (await Promise.all([...before, ...after].map(each => each.result()))).flat()
}

both('one that is no error arrives as it is', async launch => {
  await using scheduler = await launch<typeof handed, 'a' | 'b'>(options)
  for (const reason of ['the client has left', '', 0, null, false, { client: 7, at: [1, 2] }]) {
    const told = await toldOf(scheduler, reason)
    assert.equal(told, Array(8).fill(reason))
  }
})

both('an error arrives as an error', async launch => {
  await using scheduler = await launch<typeof handed, 'a' | 'b'>(options)
  for (const told of await toldOf(scheduler, new RangeError('left'))) {
    assert.instance(told, RangeError)
    assert.is((told as RangeError).message, 'left')
  }
})

test('of one that cannot be cloned, a text arrives on other threads', async () => {
  await using scheduler = await SchedulerThread.start<typeof handed, 'a' | 'b'>(options)
  const told = await toldOf(scheduler, function left() {})
  assert.equal(told, Array(8).fill("a function 'left'"))
})

test.run()
