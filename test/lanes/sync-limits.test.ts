// @time-limit 60s
import { setImmediate as turn } from 'node:timers/promises'
import { AsyncScheduler, SyncTask, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrivals, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'

const test = suite('lanes: limits of SyncTasks')

const HOLDERS = new URL('../faults/tasks/loop-holders.js', import.meta.url)

/** Keeps this thread from doing anything else until then. */
function holdUntil(isSo: () => boolean): void {
  for (const until = performance.now() + 10_000; !isSo(); ) {
    if (performance.now() > until) throw new Error('what was waited for never came')
  }
}

test('limits hold while the submitter is too busy to see to them', async () => {
  await using scheduler = await AsyncScheduler.start({ pool: { threads: 1 } })
  const restarts: unknown[] = []
  scheduler.on('restart', event => restarts.push(event))
  const echo = new SyncTask(HOLDERS, 'echo', [1])
  await scheduler.run(echo)

  const gate = newGate()
  const late = scheduler.submitTask(new SyncTask(HOLDERS, 'block', [gate]), { timeout: 30 })
  await turn()
  holdUntil(() => arrivals(gate) === 1)
  const limit = performance.now() + 40
  holdUntil(() => performance.now() > limit)
  openGate(gate)
  holdUntil(() => performance.now() > limit + 60)
  assert.is((await rejectionOf(late.result(), TaskTimeoutError)).limit, 'timeout')
  const { timeout, start: begun } = late.timestamps
  assert.ok(Math.abs(timeout! - begun! - 30) < 1)

  // Its thread is free.
  await scheduler.run(echo)
  const last = new Int32Array(new SharedArrayBuffer(4))
  const deadline = Date.now() + 100
  const looks = scheduler.submitTask(new SyncTask(HOLDERS, 'spinUntilCancelled', [newGate(), last]), {
    deadline,
  })
  await turn()
  holdUntil(() => Atomics.load(last, 0) !== 0)
  assert.is((await rejectionOf(looks.result(), TaskTimeoutError)).limit, 'deadline')
  assert.is(restarts.length, 0)
})

test.run()
