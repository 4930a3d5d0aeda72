import { SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, isOpen, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as givenUp from './tasks/given-up.js'

const test = suite('lanes: code of tasks that were given up')

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

test.run()
