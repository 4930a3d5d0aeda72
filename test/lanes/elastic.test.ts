// @time-limit 120s
import { setTimeout as sleep } from 'node:timers/promises'
import { LaneError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as elastic from './tasks/elastic.js'

const test = suite('lanes: threads that come and go')

const tasks = new URL('./tasks/elastic.js', import.meta.url)
const SETUPS = 0
const TEARDOWNS = 1

const newLog = (rest: Partial<elastic.ElasticLog> = {}): elastic.ElasticLog => ({
  counts: new Int32Array(new SharedArrayBuffer(8)),
  ...rest,
})

interface Settings {
  readonly max?: number
  readonly idleTimeout?: number
  readonly log?: elastic.ElasticLog
  readonly restart?: { readonly max: number; readonly within: number }
}

function start({ max = 3, idleTimeout = 10_000, log = newLog(), restart }: Settings) {
  return SchedulerThread.start<typeof elastic, 'a'>({
    tasks,
    lanes: {
      a: {
        concurrency: 1,
        threads: { min: 1, max, idleTimeout },
        workerData: log,
        ...(restart === undefined ? {} : { restart }),
      },
    },
  })
}

type Elastic = Awaited<ReturnType<typeof start>>

const threadsOf = async (scheduler: Elastic): Promise<number | undefined> =>
  (await scheduler.stats()).lanes.a?.threads

/** Has the lane grow to so many threads, and its tasks done. */
async function grow(scheduler: Elastic, threads: number): Promise<void> {
  const gate = newGate()
  const held = Array.from({ length: threads * 2 + 2 }, () => scheduler.lanes.a.run('block', [gate]))
  await arrived(gate, threads)
  openGate(gate)
  await Promise.all(held)
}

test('it starts with the least, grows to the most while tasks wait, and no further', async () => {
  const log = newLog()
  await using scheduler = await start({ log })
  assert.equal([await threadsOf(scheduler), log.counts[SETUPS]], [1, 1])
  const gate = newGate()
  const held = Array.from({ length: 20 }, () => scheduler.lanes.a.run('block', [gate]))
  await arrived(gate, 3)
  await sleep(100)
  assert.equal([await threadsOf(scheduler), log.counts[SETUPS], arrivals(gate)], [3, 3, 3])
  openGate(gate)
  assert.equal(await Promise.all(held), Array(20).fill('passed'))
})

test('a burst of a thousand tiny tasks does not make it grow', async () => {
  // On a machine that is busy with other things any burst may take long, so not every attempt must succeed.
  let grown = 0
  for (let attempt = 0; attempt < 5; attempt++) {
    await using scheduler = await start({ max: 4 })
    const { a } = scheduler.lanes
    await a.run('echo', [0])
    for (let burst = 0; burst < 5; burst++) {
      await Promise.all(Array.from({ length: 1000 }, (_, i) => a.run('echo', [i])))
      await sleep(5)
    }
    if ((await threadsOf(scheduler)) === 1) return
    grown++
  }
  assert.is(grown, 0, 'it grew in every attempt')
})

test('idle threads leave, with their teardown, and are not counted as lost', async () => {
  const log = newLog()
  await using scheduler = await start({ idleTimeout: 60, log })
  for (let round = 1; round <= 2; round++) {
    await grow(scheduler, 3)
    await eventually('one thread is left', async () => (await threadsOf(scheduler)) === 1)
    await eventually('the others have gone', () => Atomics.load(log.counts, TEARDOWNS) === 2 * round)
    assert.is(Atomics.load(log.counts, SETUPS), 1 + 2 * round)
  }
  assert.is(await scheduler.lanes.a.run('echo', ['still here']), 'still here')
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
  await scheduler.close()
  assert.equal([...log.counts], [5, 5])
})

test('a thread that is needed now and then stays', async () => {
  const log = newLog()
  await using scheduler = await start({ idleTimeout: 400, max: 2, log })
  await grow(scheduler, 2)
  const gate = newGate()
  const held = Array.from({ length: 2 }, () => scheduler.lanes.a.run('wait', [gate]))
  await arrived(gate, 2)
  await sleep(1200)
  assert.equal([await threadsOf(scheduler), Atomics.load(log.counts, TEARDOWNS)], [2, 0])
  openGate(gate)
  await Promise.all(held)
})

test('work that comes while it shrinks is done, once each', async () => {
  const log = newLog()
  await using scheduler = await start({ idleTimeout: 0, log })
  const { a } = scheduler.lanes
  const runs = new Int32Array(new SharedArrayBuffer(4 * 100_000))
  let next = 0
  const done: Promise<number>[] = []
  const submit = (count: number, duration: number): void => {
    for (let i = 0; i < count; i++) done.push(a.run('count', [runs, next++, duration]))
  }
  // Rounds of growing, each followed by bursts while the threads go.
  for (let round = 0; round < 30; round++) {
    submit(12, 8)
    while (scheduler.lanes.a && (await scheduler.stats()).unfinished > 0) {
      submit(2, 0)
      await sleep(1)
    }
    for (let burst = 0; burst < 10; burst++) {
      submit(20, 0)
      await sleep(burst)
    }
  }
  assert.equal(await Promise.all(done), [...done.keys()])
  for (let index = 0; index < next; index++) assert.is(runs[index], 1, `task ${index}`)
  assert.ok(Atomics.load(log.counts, TEARDOWNS) >= 5, `only ${log.counts[TEARDOWNS]} threads left`)
  const { lanes, strays } = await scheduler.stats()
  assert.equal([lanes.a?.restarts, strays], [0, 0])
})

test('close() and stop() while it grows', async () => {
  for (let delay = 0; delay <= 100; delay += 10) {
    const scheduler = await start({})
    const gate = newGate()
    const held = Array.from({ length: 8 }, () => reasonOf(scheduler.lanes.a.run('block', [gate])))
    await sleep(delay)
    const end = delay % 20 === 0 ? scheduler.close({ timeout: 200 }) : scheduler.stop({ timeout: 200 })
    await end
    for (const reason of await Promise.all(held)) {
      assert.match(String((reason as { code?: unknown }).code), /^ERR_/)
    }
    await scheduler.close()
  }
})

test('close() while it shrinks', async () => {
  for (let delay = 0; delay <= 30; delay += 5) {
    const log = newLog()
    const scheduler = await start({ idleTimeout: 1, log })
    await grow(scheduler, 2)
    await sleep(delay)
    await scheduler.close()
    const [setups, teardowns] = log.counts
    // One that was just being started has nothing to tear down.
    assert.ok(setups === teardowns || setups === teardowns! + 1, `${setups} setups, ${teardowns} teardowns`)
  }
})

test('a teardown that throws is reported, whether one thread leaves or all', async () => {
  const log = newLog({ teardown: 'throws' })
  const scheduler = await start({ idleTimeout: 1, log, max: 2 })
  const errors: unknown[] = []
  scheduler.on('error', error => errors.push(error))
  await grow(scheduler, 2)
  await eventually('it is reported', () => errors.length === 1)
  assert.instance(errors[0], RangeError)
  assert.is(await scheduler.lanes.a.run('echo', [1]), 1)
  // Longer than this test may take: it must not wait for what will never come.
  await scheduler.close({ timeout: 300_000 })
  assert.is(Atomics.load(log.counts, TEARDOWNS), 2)
})

test('one that dies while it leaves is not lost', async () => {
  const log = newLog({ teardown: 'exits' })
  await using scheduler = await start({ idleTimeout: 1, log, max: 2 })
  for (let round = 1; round <= 3; round++) {
    await grow(scheduler, 2)
    await eventually('one has left', () => Atomics.load(log.counts, TEARDOWNS) === round)
  }
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
})

test('one whose teardown does not end is ended, and its place is free again', async () => {
  const log = newLog({ teardown: 'hangs' })
  const scheduler = await start({ idleTimeout: 1, log, max: 2 })
  await grow(scheduler, 2)
  await eventually('one leaves', () => Atomics.load(log.counts, TEARDOWNS) === 1)
  await grow(scheduler, 2)
  assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
  await scheduler.close({ timeout: 50 })
})

test('a thread that cannot be started counts as lost', async () => {
  const log = newLog({ setups: 1 })
  await using scheduler = await start({ log, restart: { max: 1, within: 600_000 } })
  const gate = newGate()
  const held = Array.from({ length: 8 }, () => reasonOf(scheduler.lanes.a.run('block', [gate])))
  for (const reason of await Promise.all(held)) assert.instance(reason, LaneError)
  const refused = await reasonOf(scheduler.lanes.a.run('echo', [1]))
  assert.is((refused as LaneError).code, 'ERR_LANE_FAILED')
  assert.is(Atomics.load(log.counts, SETUPS), 3)
})

test.run()
