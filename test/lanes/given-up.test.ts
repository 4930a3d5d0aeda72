import { AsyncScheduler, AsyncTask, SchedulerThread, TaskCanceledError, TaskTimeoutError } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, isOpen, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as givenUp from './tasks/given-up.js'

const test = suite('lanes: code of tasks that were given up')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/given-up.js', import.meta.url)

for (const [when, looksBefore] of [
  ['has not looked at them before', false],
  ['has them already', true],
] as const)
  test(`it is refused the lanes while its thread tears down, if it ${when}`, async () => {
    await using scheduler = await SchedulerThread.start<typeof givenUp, 'a' | 'other'>({
      tasks,
      lanes: { a: { grace: 20, stallAfter: 100, onStall: 'replace' }, other: {} },
    })
    const [started, refused, hold] = [newGate(), newGate(), newGate()]
    const task = scheduler.lanes.a.submit('goOn', [started, refused, looksBefore])
    await arrived(started)
    task.cancel()
    await rejectionOf(task.result(), TaskCanceledError)
    await eventually('it is given up', async () => (await scheduler.stats()).abandoned === 1)
    // The scheduler goes on: else all are refused, by whatever thread.
    const stalled = async () => (await scheduler.stats()).lanes.a!.stalled
    const holding = scheduler.lanes.a.run('blockAt', [hold])
    await eventually('its thread is replaced', async () => (await stalled()) === 1)
    openGate(hold)
    await holding
    await eventually('it has left', async () => (await stalled()) === 0)
    assert.equal([arrivals(refused), isOpen(refused)], [1, true])
  })

both(
  'it sees for ever that it was cancelled; code that a task left behind, that it was not',
  async launch => {
    await using scheduler = await launch<typeof givenUp, 'a'>({ tasks, lanes: { a: { grace: 20 } } })
    const { a } = scheduler.lanes
    const [started, startedToo] = [newGate(), newGate()]
    const cancelled = a.submit('lookForever', [started])
    await arrived(started)
    cancelled.cancel()
    await rejectionOf(cancelled.result(), TaskCanceledError)
    await rejectionOf(a.run('lookForever', [startedToo], { timeout: 20 }), TaskTimeoutError)
    await eventually('both are given up', async () => (await scheduler.stats()).abandoned === 2)
    await a.run('leaveLook')
    for (let i = 0; i < 5; i++) {
      // So many that each slot of the tasks before has another in it.
      const seen = await Promise.all([a.run('looked'), a.run('looked'), a.run('looked'), a.run('looked')])
      assert.equal(seen, Array(4).fill([true, true, false]))
    }
  },
)

test('so it does on the loop of an AsyncScheduler', async () => {
  await using scheduler = await AsyncScheduler.start({ grace: 1 })
  const looks: (() => boolean)[] = []
  const leaveLook = () => {
    const task = currentTask()
    looks.push(() => task.cancelled)
  }
  const givenUp = scheduler.submitTask(
    new AsyncTask(() => {
      leaveLook()
      return new Promise(() => {})
    }),
  )
  await givenUp.wait({ for: 'RUNNING' })
  givenUp.cancel()
  await eventually('it is given up', async () => (await scheduler.stats()).abandoned === 1)
  await scheduler.run(new AsyncTask(leaveLook))
  assert.equal(
    looks.map(look => look()),
    [true, false],
  )
})

test('it cannot block its thread by a synchronous wait', async () => {
  await using scheduler = await SchedulerThread.start<typeof givenUp, 'a' | 'other'>({
    tasks,
    lanes: { a: { grace: 20 }, other: {} },
  })
  const [later, hold, refused] = [newGate(), newGate(), newGate()]
  const task = scheduler.lanes.a.submit('blockLater', [later, hold, refused])
  await arrived(later)
  task.cancel()
  await rejectionOf(task.result(), TaskCanceledError)
  await eventually('it is given up', async () => (await scheduler.stats()).abandoned === 1)
  openGate(later)
  await eventually('its wait was refused', () => isOpen(refused))
  assert.is(await scheduler.lanes.a.run('echo', [1]), 1)
  openGate(hold)
})

test.run()
