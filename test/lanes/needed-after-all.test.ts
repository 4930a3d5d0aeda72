// @time-limit 60s
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import type * as standing from './tasks/standing.js'

const test = suite('lanes: a thread that is needed after all')

const IDLE_MS = 50

test('one that got a task just before all knew that it was to go stays until what that has submitted is done', async () => {
  await using scheduler = await SchedulerThread.start<typeof standing, 'pair' | 'far' | 'other'>({
    tasks: new URL('./tasks/standing.js', import.meta.url),
    lanes: {
      pair: {
        threads: { min: 1, max: 2, idleTimeout: IDLE_MS },
        concurrency: 1,
        stallAfter: Number.POSITIVE_INFINITY,
      },
      far: {},
      other: {},
    },
  })
  const { pair } = scheduler.lanes
  const [held, holding, inner] = [newGate(), newGate(), newGate()]
  const first = pair.run('holdThenAsk', [held, 'hold'])
  await arrived(held)
  // The lane grows by a thread, which then seems to have nothing to do, and does not come to what it is sent.
  const thread = await pair.run('holdLater', [holding, 4 * IDLE_MS])
  await arrived(holding)
  const ending = pair.submit('endBefore', [inner])
  await nextTurn()
  // Nor is this thread told that the other is to go before that has begun it.
  for (const until = performance.now() + 10 * IDLE_MS; performance.now() < until || arrivals(inner) === 0; );
  assert.is(await ending.result(), thread)
  assert.is(await pair.run('holdLater', [newGate(), 0]), thread, 'the only thread that can run it does')
  for (const gate of [held, inner]) openGate(gate)
  assert.is(await first, 'held')
})

test.run()
