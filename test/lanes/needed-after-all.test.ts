// @time-limit 60s
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, type Gate, newGate, openGate } from '../support/gate.js'
import type * as standing from './tasks/standing.js'

const test = suite('lanes: a thread that is needed after all')

const IDLE_MS = 50

function started() {
  return SchedulerThread.start<typeof standing, 'pair' | 'far' | 'other'>({
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
}

test('one that got a task just before all knew that it was to go stays until what that has submitted is done', async () => {
  await using scheduler = await started()
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

/** A lane that has grown to two threads, and two others. */
async function grown() {
  const scheduler = await started()
  const meeting = newGate()
  const threads = [1, 2].map(() => scheduler.lanes.pair.run('meetAsync', [meeting, 2]))
  const numbers = await Promise.all(threads)
  return { scheduler, lanes: scheduler.lanes, threads: numbers.sort() as [number, number] }
}

/** @returns whether somebody came to the gate while this thread did nothing else */
function holdUntil(gate: Gate): boolean {
  for (const until = performance.now() + 10_000; arrivals(gate) === 0 && performance.now() < until; );
  return arrivals(gate) > 0
}

test('one that is to go and that main has not let go of is used by the others if they need it', async () => {
  const { scheduler, lanes, threads } = await grown()
  await using _ = scheduler
  const done = newGate()
  const met = lanes.far.run('haveMeet', [done, 'pair', 6 * IDLE_MS, newGate()])
  await nextTurn()
  assert.ok(holdUntil(done), 'main lets go of it only now')
  assert.equal((await met).sort(), threads, 'no other thread was started')
  const again = newGate()
  const later = [1, 2].map(() => lanes.pair.run('meetAsync', [again, 2]))
  assert.is(new Set(await Promise.all(later)).size, 2, 'and main finds two threads')
})

test('one that is to go runs what the only other thread waits for synchronously', async () => {
  const { scheduler, lanes } = await grown()
  await using _ = scheduler
  const done = newGate()
  const asked = lanes.pair.run('askOwn', [done, 6 * IDLE_MS])
  await nextTurn()
  assert.ok(holdUntil(done), 'main lets go of it only now')
  assert.is(await asked, 'own')
})

test('one that has stayed goes when it is needed no more, and another comes when it is', async () => {
  const { scheduler, lanes } = await grown()
  await using _ = scheduler
  for (let round = 0; round < 3; round++) {
    const done = newGate()
    const met = lanes.far.run('haveMeet', [done, 'pair', 6 * IDLE_MS, newGate()])
    await nextTurn()
    assert.ok(holdUntil(done))
    await met
    await eventually('one thread', async () => (await scheduler.stats()).lanes.pair!.threads === 1)
    const gate = newGate()
    await Promise.all([1, 2].map(() => lanes.pair.run('meetAsync', [gate, 2])))
  }
})

test.run()
