import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { heapInUse } from '../support/garbage.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: wait() and result()')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof plain, 'a'>({ tasks, lanes: { a: { grace: 20 } } })

both('wait() is true once the task has ended, however it ends', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const ends = [
    [a.submit('echo', [1]), 'DONE'],
    [a.submit('fail', ['planted']), 'FAILED'],
    [a.submit('wait', [gate], { timeout: 20 }), 'TIMED_OUT'],
  ] as const
  for (const [task, state] of ends) {
    assert.is(await task.wait(), true)
    assert.is(task.state, state)
    assert.is(await task.wait({ timeout: 0 }), true)
    assert.is(await scheduler.waitTask(task, { timeout: 1000 }), true)
  }
  const cancelled = a.submit('wait', [gate])
  const waiting = cancelled.wait()
  cancelled.cancel()
  assert.is(await waiting, true)
  openGate(gate)
})

both('wait({ timeout }) is false when its own time is over, and the task goes on', async launch => {
  await using scheduler = await start(launch)
  const gate = newGate()
  const task = scheduler.lanes.a.submit('wait', [gate])
  assert.is(await task.wait({ timeout: 0 }), false)
  assert.is(await task.wait({ timeout: 20 }), false)
  const long = task.wait({ timeout: 60_000 })
  await arrived(gate)
  assert.is(task.state, 'STARTED')
  openGate(gate)
  assert.is(await long, true)
  assert.is(await task.result(), 1)
})

both('any number of waits and results, before and after the end', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const task = a.submit('echoLater', [5])
  const early = [task.result(), task.result(), task.wait(), task.wait({ timeout: 60_000 })]
  assert.equal(await Promise.all(early), [5, 5, true, true])
  assert.equal(await Promise.all([task.result(), task.wait()]), [5, true])

  const failing = a.submit('fail', ['planted'])
  const reasons = await Promise.all([reasonOf(failing.result()), reasonOf(failing.result())])
  for (const reason of [...reasons, await reasonOf(failing.result())]) {
    assert.instance(reason, RangeError)
    assert.is((reason as RangeError).message, 'planted')
  }
})

both('a handle nobody asks for its result is no unhandled rejection', async launch => {
  const strays: unknown[] = []
  const listener = (reason: unknown): void => void strays.push(reason)
  process.on('unhandledRejection', listener)
  try {
    await using scheduler = await start(launch)
    const task = scheduler.lanes.a.submit('fail', ['planted'])
    const other = scheduler.lanes.a.submit('fail', ['planted'])
    await task.wait()
    await other.wait({ timeout: 60_000 })
    await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(strays, [])
  } finally {
    process.off('unhandledRejection', listener)
  }
})

test('a task can be polled for ever: a wait whose time is over leaves nothing behind', async () => {
  await using scheduler = await start()
  const task = scheduler.lanes.a.submit('echo', [1], { delay: 600_000 })
  for (const group of ['FINISHED', 'RUNNING'] as const) {
    const poll = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const waits = Array.from({ length: 1000 }, () => task.wait({ for: group, timeout: 0 }))
        assert.ok((await Promise.all(waits)).every(isSo => !isSo))
      }
    }
    await poll(2)
    const before = heapInUse()
    await poll(20)
    const grown = heapInUse() - before
    assert.ok(grown < 20_000 * 100, `20,000 waits for ${group} left ${grown} bytes`)
  }
  task.cancel()
})

test.run()
