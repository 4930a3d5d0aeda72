import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LaneOptions, type LaneStats, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as holding from './tasks/holding.js'

const test = suite('lanes: stats()')

const tasks = new URL('./tasks/holding.js', import.meta.url)
const MS = 1e6

function start(a: LaneOptions = {}) {
  return SchedulerThread.start<typeof holding, 'a' | 'b'>({ tasks, lanes: { a, b: {} } })
}

async function statsOf(scheduler: Awaited<ReturnType<typeof start>>, lane: 'a' | 'b'): Promise<LaneStats> {
  return (await scheduler.stats()).lanes[lane]!
}

/** Answers are recorded before they are sent, so what has been awaited has been counted. */
test('every task that started is counted, with how long it waited and ran', async () => {
  await using scheduler = await start({ threads: 2 })
  const { a } = scheduler.lanes
  const before = await statsOf(scheduler, 'a')
  assert.is(before.waits.count, 0)
  assert.is(before.runs.count, 0)
  await a.map(
    'echo',
    Array.from({ length: 200 }, (_, i) => i),
  )
  await a.run('rest', [30])
  await reasonOf(a.run('fail', ['planted']))
  const { waits, runs } = await statsOf(scheduler, 'a')
  assert.is(waits.count, 202)
  assert.is(runs.count, 202)
  assert.ok(runs.max >= 28 * MS, `the longest ran ${runs.max} ns`)
  assert.ok(runs.percentile(50) < 28 * MS, `half ran up to ${runs.percentile(50)} ns`)
  assert.ok(runs.min >= 1 && runs.min <= runs.mean && runs.mean <= runs.max)
  assert.is((await statsOf(scheduler, 'b')).waits.count, 0)
})

test('a task that had to wait for another is seen to have waited', async () => {
  await using scheduler = await start({ concurrency: 1 })
  const { a } = scheduler.lanes
  const first = a.run('hold', [60])
  await a.run('echo', [1])
  await first
  const { waits, runs } = await statsOf(scheduler, 'a')
  assert.ok(waits.max >= 55 * MS, `it waited ${waits.max} ns`)
  assert.ok(runs.max >= 55 * MS, `the first ran ${runs.max} ns`)
})

test('histograms of lanes are merged, and so are those of Node', async () => {
  await using scheduler = await start()
  await Promise.all([scheduler.lanes.a.run('hold', [10]), scheduler.lanes.b.run('echo', [1])])
  const { a, b } = (await scheduler.stats()).lanes
  const all = createHistogram()
  all.add(a?.runs as unknown as RecordableHistogram)
  all.add(b?.runs as unknown as RecordableHistogram)
  a?.runs.add(b!.runs)
  assert.is(a?.runs.count, 2)
  assert.is(all.count, 2)
  assert.ok(all.max >= 9 * MS)
  const again = (await scheduler.stats()).lanes
  assert.is(again.a?.runs.count, 1, 'what a caller does with its own is its own business')
})

test('it answers, and truly, while every lane is blocked', async () => {
  await using scheduler = await start()
  // A loop that has its first task before it has ever waited has been utilized all the time.
  await sleep(20)
  const gates = [newGate(), newGate()] as const
  const blocked = [scheduler.lanes.a.run('block', [gates[0]]), scheduler.lanes.b.run('block', [gates[1]])]
  const waiting = Array.from({ length: 5 }, (_, i) => scheduler.lanes.a.run('echo', [i]))
  const all = Promise.allSettled([...blocked, ...waiting])
  await Promise.all(gates.map(gate => arrived(gate)))
  await scheduler.stats()
  await sleep(50)
  const { lanes, unfinished } = await scheduler.stats()
  const { a, b } = lanes
  assert.equal([a?.running, a?.waiting, b?.running, b?.waiting], [1, 5, 1, 0])
  assert.equal([a?.waits.count, a?.runs.count], [1, 0])
  assert.is(a?.threads, 1)
  assert.is(unfinished, 7)
  assert.is(a?.utilization.sinceLast, 1, 'not a turn of the loop since the look before')
  assert.ok(a!.utilization.sinceStart > 0 && a!.utilization.sinceStart < 1)
  for (const gate of gates) openGate(gate)
  await all
  const after = await statsOf(scheduler, 'a')
  assert.equal([after.running, after.waiting, after.runs.count], [0, 0, 6])
})

test('a loop that waits is not utilized', async () => {
  await using scheduler = await start()
  await scheduler.stats()
  await scheduler.lanes.a.run('rest', [100])
  const { utilization } = await statsOf(scheduler, 'a')
  assert.ok(utilization.sinceLast < 0.8, `${utilization.sinceLast}`)
})

test('tasks are counted by how they ended', async () => {
  await using scheduler = await start({ concurrency: 1 })
  const { a } = scheduler.lanes
  const gate = newGate()
  const running = a.submit('wait', [gate])
  const cancelled = a.submit('echo', [1])
  const late = a.submit('echo', [1], { queueTimeout: 20 })
  await arrived(gate)
  cancelled.cancel()
  await late.wait()
  openGate(gate)
  await running.result()
  await reasonOf(a.run('fail', ['planted']))
  await a.run('echo', [2])
  assert.equal((await statsOf(scheduler, 'a')).finished, { DONE: 2, FAILED: 1, TIMED_OUT: 1, CANCELED: 1 })
  assert.equal((await statsOf(scheduler, 'b')).finished, { DONE: 0, FAILED: 0, TIMED_OUT: 0, CANCELED: 0 })
})

test('no count goes back when a thread dies and is replaced', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const echo = () =>
    a.map(
      'echo',
      Array.from({ length: 50 }, (_, i) => i),
    )
  await echo()
  const counts: number[] = []
  const look = async (): Promise<boolean> => {
    const { waits, restarts, threads } = await statsOf(scheduler, 'a')
    counts.push(waits.count)
    return restarts === 1 && threads === 1
  }
  const dying = reasonOf(a.run('exit', [3]))
  await eventually('the thread is replaced', look)
  await dying
  await echo()
  const { waits, runs } = await statsOf(scheduler, 'a')
  counts.push(waits.count)
  assert.equal([waits.count, runs.count], [101, 100], 'one started and did not end')
  assert.equal(
    counts,
    [...counts].sort((one, other) => one - other),
    'and none is less than the one before',
  )
})

test('what a thread spends on looking for work is told, and nothing where it does not look', async () => {
  await using scheduler = await start({ priority: 'user-blocking', spin: 2000 })
  for (let i = 0; i < 50; i++) {
    await scheduler.lanes.a.run('echo', [i])
    await scheduler.lanes.b.run('echo', [i])
  }
  const { lanes } = await scheduler.stats()
  assert.ok(lanes.a!.spin > 0, `${lanes.a?.spin} ms`)
  assert.is(lanes.b?.spin, 0)
})

test.run()
