// @time-limit 120m
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldPorts } from '../support/open-ports.js'
import { Random } from '../support/random.js'
import { workerHeaps } from '../support/worker-heaps.js'
import { listenerCount } from './listener-count.js'
import { newLedger, runHandful, type SoakLane, type SoakScheduler, STALL_AFTER_MS } from './mixed-load.js'
import type * as mixed from './tasks/mixed.js'
import { Trend } from './trend.js'
import { usedHeap } from './used-heap.js'

const test = suite('soak: mixed load')

/** An hour by hand: MULTILANE_SOAK_MS=3600000. */
const DURATION_MS = Number(process.env.MULTILANE_SOAK_MS ?? 20_000)
const SAMPLES = 24
/**
 * If something seems to have grown, the load goes on, for as long again and up to so many times as long: what came and went
 * has gone by then, and a leak is the worse for it.
 */
const MOST_ROUNDS = 3
/** Handfuls until code is compiled, and what keeps the last so many of something is full. */
const WARM = 100
const IDLE_TIMEOUT_MS = 20
const KB = 1024
const MB = 1024 * 1024
/** By how much the heap of a thread may grow from one third of the time to the next. In 20 s of load it was 80 at the most. */
const MOST_LEFT_KB = 128
const RESTART = { max: 100_000, within: 1_000 }
/** Those whose threads live from the beginning to the end. */
const LASTING = ['urgent', 'web', 'nesting', 'bounded', 'shedding'] as const

const tasks = new URL('./tasks/mixed.js', import.meta.url)

test(`an hour of mixed load with kills, of which ${DURATION_MS / 1_000} s are run: all stays where it is`, async () => {
  const scheduler = await SchedulerThread.start<typeof mixed, SoakLane>({
    tasks,
    lanes: {
      urgent: { priority: 'user-blocking' },
      web: {},
      bulk: { priority: 'background', threads: { min: 1, max: 3, idleTimeout: IDLE_TIMEOUT_MS } },
      bounded: { queue: { limit: 10, overload: 'wait' } },
      shedding: { queue: { limit: 10, overload: 'drop-oldest' } },
      nesting: {},
      doomed: { grace: 20, restart: RESTART },
      stalling: { stallAfter: STALL_AFTER_MS, onStall: 'replace', restart: RESTART },
      hungry: { resourceLimits: { maxOldGenerationSizeMb: 24 }, restart: RESTART },
    },
  })
  const heap = new Trend('heap of the main thread', 'MB')
  const laneHeap = new Trend('heap of a lane thread', 'MB')
  const supervisor = new Trend('heap of the supervisor', 'KB')
  const lasting = new Map<number, Trend>()
  for (const name of LASTING)
    lasting.set(await scheduler.lanes[name].run('ownThreadId'), new Trend(`heap of lane ${name}`, 'KB'))
  const ports = new Trend('message ports', '')
  const listeners = new Trend('listeners', '')
  const threads = new Trend('threads', '')
  const resident = new Trend('resident memory', 'MB')
  const ledger = newLedger()
  const random = new Random(Number(process.env.MULTILANE_SEED ?? 1))
  for (let i = 0; i < WARM; i++) await runHandful(scheduler, random, new AbortController().signal, ledger)
  const unsteady = (): Trend[] => [
    ...[ports, listeners, threads].filter(({ growth }) => growth > 0),
    ...[heap, laneHeap].filter(({ growth }) => growth >= 1),
    ...[supervisor, ...lasting.values()].filter(({ growth }) => growth >= MOST_LEFT_KB),
  ]
  const begin = performance.now()
  let samples = 0
  do {
    // What it takes to measure is no time of load.
    const until = performance.now() + DURATION_MS / SAMPLES
    const controller = new AbortController()
    do await runHandful(scheduler, random, controller.signal, ledger)
    while (performance.now() < until)
    controller.abort()
    await settled(scheduler)
    const at = performance.now() - begin
    heap.note(at, usedHeap() / MB)
    laneHeap.note(at, (await scheduler.lanes.urgent.run('heap')) / MB)
    const heaps = await workerHeaps()
    for (const { title, used } of heaps.values())
      if (title.endsWith('multilane supervisor')) supervisor.note(at, used / KB)
    for (const [thread, trend] of lasting) trend.note(at, heaps.get(thread)!.used / KB)
    ports.note(at, await heldPorts())
    listeners.note(at, listenerCount())
    threads.note(at, readdirSync('/proc/self/task').length)
    resident.note(at, process.memoryUsage.rss() / MB)
    samples++
  } while (samples % SAMPLES > 0 || (samples < MOST_ROUNDS * SAMPLES && unsteady().length > 0))
  const trends = [heap, laneHeap, supervisor, ...lasting.values(), ports, listeners, threads, resident]
  console.log(
    [...trends, JSON.stringify({ ...ledger, outcomes: Object.fromEntries(ledger.outcomes) })].join('\n'),
  )
  assert.is(ledger.ended, ledger.accepted)
  assert.is((await scheduler.stats()).unfinished, 0)
  assert.is((await scheduler.stats()).strays, 0)
  assert.equal(unsteady().map(String), [])
  await scheduler.close()
})

/** Waits until nothing runs, the threads that came for the load have gone, and the lost one is replaced. */
async function settled(scheduler: SoakScheduler): Promise<void> {
  await scheduler.drain()
  const bound = performance.now() + 10_000
  const asBefore = async (): Promise<boolean> => {
    const lanes = Object.values((await scheduler.stats()).lanes)
    return lanes.every(({ threads, stalled }) => threads === 1 && stalled === 0)
  }
  while (!(await asBefore()) && performance.now() < bound) await sleep(50)
  await sleep(IDLE_TIMEOUT_MS)
}

test.run()
