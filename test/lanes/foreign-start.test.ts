import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import type * as gated from './tasks/gated.js'
import type * as handed from './tasks/handed.js'

const test = suite('lanes: the start of a task that another thread has submitted')

test('it is told also if the task starts on a thread that is to go, and that the one who waits has let go of', async () => {
  await using scheduler = await SchedulerThread.start<typeof gated, 'work' | 'other'>({
    tasks: new URL('./tasks/gated.js', import.meta.url),
    lanes: { work: { concurrency: 2, stallAfter: 100, onStall: 'replace' }, other: {} },
  })
  const { work, other } = scheduler.lanes
  const [holding, going] = [newGate(), newGate()]
  const replaced = new Promise(resolve => scheduler.once('stall', resolve))
  const held = work.run('hold', [holding])
  await arrived(holding)
  const buffer = new ArrayBuffer(8)
  // It cannot be taken back from the thread that is replaced.
  const bound = work.submit('waitWith', [buffer, going], { transfer: [buffer] })
  const opened = other.run('openOnceItRuns', [bound, going])
  await replaced
  openGate(holding)
  await opened
  assert.is(await bound.result(), 8)
  await held
})

test('one that has failed, and waits for its next attempt, has started: also if it is cancelled then', async () => {
  await using scheduler = await SchedulerThread.start<typeof handed, 'work' | 'other'>({
    tasks: new URL('./tasks/handed.js', import.meta.url),
    lanes: { work: {}, other: {} },
  })
  const { work, other } = scheduler.lanes
  const failing = work.submit('fail', [0], { retries: { limit: 1, delay: 60_000 } })
  await failing.wait({ for: 'RUNNING' })
  await eventually('it waits for its next attempt', () => failing.state === 'SCHEDULED')
  assert.is(await other.run('waitsToStart', [failing]), true)
  failing.cancel()
  assert.is(await failing.wait({ for: 'RUNNING' }), true)
  assert.is(await other.run('waitsToStart', [failing]), true)
})

test.run()
