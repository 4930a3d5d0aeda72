import { TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: timers that are left')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const HOUR_MS = 3_600_000

const { setTimeout, clearTimeout } = globalThis
/** Those that were set for minutes and more, and have not been stopped. */
const armed = new Set<unknown>()
test.before(() => {
  globalThis.setTimeout = ((call: () => void, delay: number) => {
    const timer = setTimeout(call, delay)
    if (delay > 60_000) armed.add(timer)
    return timer
  }) as typeof setTimeout
  globalThis.clearTimeout = (timer => {
    armed.delete(timer)
    clearTimeout(timer)
  }) as typeof clearTimeout
})
test.after(() => void Object.assign(globalThis, { setTimeout, clearTimeout }))

both('of long limits, delays and graces nothing is left when the scheduler is closed', async launch => {
  const scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { grace: HOUR_MS, startTimeout: HOUR_MS } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const limited = a.submit('wait', [gate], { timeout: HOUR_MS, deadline: Date.now() + HOUR_MS })
  const cancelled = a.submit('wait', [gate], { timeout: HOUR_MS })
  await arrived(gate, 2)
  const unsent = a.submit('echo', [1], { delay: HOUR_MS, queueTimeout: 2 * HOUR_MS })
  assert.is(await unsent.wait({ timeout: 1 }), false)
  const waiting = unsent.wait({ timeout: HOUR_MS })
  const timedOut = a.submit('wait', [gate], { timeout: 5 })
  await rejectionOf(timedOut.result(), TaskTimeoutError)
  cancelled.cancel()
  await reasonOf(cancelled.result())
  openGate(gate)
  assert.is(await limited.result(), 1)
  assert.is(unsent.cancel(), true)
  assert.is(await waiting, true)
  await scheduler.close({ timeout: 10 * HOUR_MS })
  assert.is(armed.size, 0)
})

test.run()
