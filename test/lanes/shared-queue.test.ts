// @time-limit 60s
import { LaneError, QueueFullError, type QueueOptions, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as queueing from './tasks/queueing.js'

const test = suite('lanes: one queue for all who submit')

const tasks = new URL('./tasks/queueing.js', import.meta.url)

const start = (queue: QueueOptions) =>
  SchedulerThread.start<typeof queueing, 'asking' | 'full'>({
    tasks,
    lanes: { asking: {}, full: { concurrency: 1, queue } },
  })

/** Has the loop of the lane held. @returns to let go */
async function holdFull({ lanes }: Awaited<ReturnType<typeof start>>): Promise<() => void> {
  const gate = new SharedArrayBuffer(4)
  const word = new Int32Array(gate)
  lanes.full
    .submit('hold', [gate])
    .result()
    .catch(() => {})
  await eventually('the loop is held', () => Atomics.load(word, 0) === 1)
  return () => Atomics.store(word, 0, 2)
}

test('what the owner has waiting fills the queue for a task, and what a task has for the owner', async () => {
  await using scheduler = await start({ limit: 3 })
  const { asking, full } = scheduler.lanes
  const letGo = await holdFull(scheduler)
  const waiting = [full.run('quick'), full.run('quick'), full.run('quick')]
  assert.is(await asking.run('ask'), 'ERR_QUEUE_FULL')
  letGo()
  await Promise.all(waiting)
  assert.is(await asking.run('ask'), 'quick')

  const letGoAgain = await holdFull(scheduler)
  assert.is(await asking.run('fill'), 3)
  thrownBy(() => full.submit('quick'), QueueFullError)
  letGoAgain()
  await eventually('the queue is empty', async () => (await asking.run('ask')) === 'quick')
})

test('a start makes room at once, also while the thread that submitted it is blocked', async () => {
  await using scheduler = await start({ limit: 2 })
  const { asking, full } = scheduler.lanes
  const letGo = await holdFull(scheduler)
  const waiting = [full.run('quick'), full.run('quick')]
  const asked = asking.submit('ask')
  assert.is(await asked.result(), 'ERR_QUEUE_FULL')
  letGo()
  // They start and end meanwhile, and this thread hears nothing of it.
  const gate = new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(gate, 0, 0, 50)
  assert.is(asking.submit('ask').resultSync(), 'quick')
  await Promise.all(waiting)
})

test('who waits for room gets what another has left', async () => {
  await using scheduler = await start({ limit: 2, overload: 'wait' })
  const { asking, full } = scheduler.lanes
  const letGo = await holdFull(scheduler)
  const waiting = [full.submit('quick'), full.submit('quick')]
  assert.is(await asking.run('submitThere'), 'NEW')
  const later = full.submit('quick')
  assert.is(later.state, 'NEW')
  // Cancelled, they leave the queue, though no task of the lane starts.
  for (const task of waiting) assert.is(task.cancel(), true)
  await later.accepted
  letGo()
  assert.is(await asking.run('resultThere'), 'quick')
  assert.is(await later.result(), 'quick')
})

test('what runs out of time leaves room to those who wait, on whichever thread', async () => {
  await using scheduler = await start({ limit: 1, overload: 'wait' })
  const { asking, full } = scheduler.lanes
  const letGo = await holdFull(scheduler)
  const expiring = full.submit('quick', [], { queueTimeout: 50 })
  assert.is(await asking.run('submitThere'), 'NEW')
  await expiring.wait()
  assert.is(expiring.state, 'TIMED_OUT')
  letGo()
  assert.is(await asking.run('resultThere'), 'quick')
})

for (const dying of ['fillAndExit', 'fillAndExitLater'] as const)
  test(`a thread that dies takes its places along (${dying})`, async () => {
    await using scheduler = await start({ limit: 5 })
    const { asking, full } = scheduler.lanes
    for (let round = 0; round < 3; round++) {
      const letGo = await holdFull(scheduler)
      await rejectionOf(asking.run(dying, [5]), LaneError)
      let accepted = 0
      await eventually('all its places are free', () => {
        try {
          for (; accepted < 5; accepted++) full.submit('quick')
        } catch (error) {
          assert.instance(error, QueueFullError)
        }
        return accepted === 5
      })
      thrownBy(() => full.submit('quick'), QueueFullError)
      letGo()
      await scheduler.drain()
    }
  })

test.run()
