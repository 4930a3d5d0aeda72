// @time-limit 120m
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldPorts } from '../support/open-ports.js'
import { Random } from '../support/random.js'
import { listenerCount } from './listener-count.js'
import { newLedger, runHandful, type SoakLane, type SoakScheduler } from './mixed-load.js'
import type * as mixed from './tasks/mixed.js'
import { Trend } from './trend.js'
import { usedHeap } from './used-heap.js'

const test = suite('soak: mixed load')

/** An hour by hand: MULTILANE_SOAK_MS=3600000. */
const DURATION_MS = Number(process.env.MULTILANE_SOAK_MS ?? 40_000)
const SAMPLES = 60
const IDLE_TIMEOUT_MS = 50
const MB = 1024 * 1024

const tasks = new URL('./tasks/mixed.js', import.meta.url)

test('an hour of mixed load with kills: heap, ports, listeners and threads stay where they are', async () => {
  const scheduler = await SchedulerThread.start<typeof mixed, SoakLane>({
    tasks,
    lanes: {
      urgent: { priority: 'user-blocking' },
      web: {},
      bulk: { priority: 'background', threads: { min: 1, max: 3, idleTimeout: IDLE_TIMEOUT_MS } },
      bounded: { queue: { limit: 10, overload: 'wait' } },
      shedding: { queue: { limit: 10, overload: 'drop-oldest' } },
      doomed: { grace: 20, restart: { max: 100_000, within: 1_000 } },
    },
  })
  const heap = new Trend('heap of the main thread', 'MB')
  const laneHeap = new Trend('heap of a lane thread', 'MB')
  const ports = new Trend('message ports', '')
  const listeners = new Trend('listeners', '')
  const threads = new Trend('threads', '')
  const resident = new Trend('resident memory', 'MB')
  const ledger = newLedger()
  const random = new Random(Number(process.env.MULTILANE_SEED ?? 1))
  const begin = performance.now()
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const until = begin + (DURATION_MS * sample) / SAMPLES
    const controller = new AbortController()
    do await runHandful(scheduler, random, controller.signal, ledger)
    while (performance.now() < until)
    controller.abort()
    await settled(scheduler)
    const at = performance.now() - begin
    heap.note(at, usedHeap() / MB)
    laneHeap.note(at, (await scheduler.lanes.urgent.run('heap')) / MB)
    ports.note(at, await heldPorts())
    listeners.note(at, listenerCount())
    threads.note(at, readdirSync('/proc/self/task').length)
    resident.note(at, process.memoryUsage.rss() / MB)
  }
  const trends = [heap, laneHeap, ports, listeners, threads, resident]
  console.log(
    [...trends, JSON.stringify({ ...ledger, outcomes: Object.fromEntries(ledger.outcomes) })].join('\n'),
  )
  assert.is(ledger.ended, ledger.accepted)
  assert.is((await scheduler.stats()).unfinished, 0)
  assert.is((await scheduler.stats()).strays, 0)
  for (const steady of [ports, listeners, threads]) assert.ok(steady.growth <= 0, String(steady))
  for (const bounded of [heap, laneHeap]) assert.ok(bounded.growth < 1, String(bounded))
  await scheduler.close()
})

/** Waits until nothing runs, the threads that came for the load have gone, and the lost one is replaced. */
async function settled(scheduler: SoakScheduler): Promise<void> {
  await scheduler.drain()
  const bound = performance.now() + 10_000
  const asBefore = async (): Promise<boolean> => {
    const { bulk, doomed } = (await scheduler.stats()).lanes
    return bulk!.threads === 1 && doomed!.threads === 1
  }
  while (!(await asBefore()) && performance.now() < bound) await sleep(50)
  await sleep(IDLE_TIMEOUT_MS)
}

test.run()
