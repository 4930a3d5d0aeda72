import { MultilaneError, type SchedulerThread, type TaskHandle } from 'multilane'
import type { Random } from '../support/random.js'
import type * as mixed from './tasks/mixed.js'
import { NESTS } from './tasks/nested.js'

export type SoakLane =
  | 'urgent'
  | 'web'
  | 'nesting'
  | 'bulk'
  | 'bounded'
  | 'shedding'
  | 'doomed'
  | 'stalling'
  | 'hungry'
export type SoakScheduler = SchedulerThread<typeof mixed, SoakLane>

const LANES: readonly SoakLane[] = ['urgent', 'web', 'bulk', 'bounded', 'shedding', 'doomed']
/** The shares of handfuls that end a thread in one way or another, have one replaced, or have one run out of memory. */
const KILLS = 0.2
const STALLS = 0.1
const EXHAUSTED = 0.05

/** How long the lane `stalling` lets a task hold its loop. */
export const STALL_AFTER_MS = 30

/** What became of all tasks: as many must have ended as were accepted, each once. */
export interface Ledger {
  accepted: number
  refused: number
  ended: number
  /** Ends by state, or by the code of the error. */
  readonly outcomes: Map<string, number>
}

export function newLedger(): Ledger {
  return { accepted: 0, refused: 0, ended: 0, outcomes: new Map() }
}

/** Submits a random handful of tasks of all kinds; resolves when they have all ended. */
export async function runHandful(
  scheduler: SoakScheduler,
  random: Random,
  signal: AbortSignal,
  ledger: Ledger,
): Promise<void> {
  const ends: Promise<void>[] = []
  for (let i = 20 + random.below(60); i > 0; i--) {
    try {
      ends.push(ended(submitOne(scheduler, random, signal), random, ledger))
      ledger.accepted++
    } catch (error) {
      if (!(error instanceof MultilaneError) || error.code !== 'ERR_QUEUE_FULL') throw error
      ledger.refused++
    }
  }
  if (random.chance(KILLS)) {
    ledger.accepted++
    ends.push(ended(submitDeadly(scheduler, random), random, ledger))
  }
  const more = submitNesting(scheduler, random)
  ledger.accepted += more.length
  for (const task of more) ends.push(ended(task, random, ledger))
  const items = Array.from({ length: random.below(30) }, (_, i) => i)
  const mapped = await scheduler.lanes.web.map('echo', items)
  if (mapped.some((value, i) => value !== i)) throw new Error('a map lost its order')
  await Promise.all(ends)
}

/** Ends the thread of its lane, in one way or another. */
function submitDeadly(scheduler: SoakScheduler, random: Random): TaskHandle {
  const { doomed } = scheduler.lanes
  return random.chance(0.5) ? doomed.submit('exit', [3]) : doomed.submit('hold', [500], { timeout: 5 })
}

/** Tasks that submit tasks, or get the handles of others; now and then one that stalls, or runs out of memory. */
function submitNesting(scheduler: SoakScheduler, random: Random): TaskHandle[] {
  const { nesting, web, bulk, stalling, hungry } = scheduler.lanes
  const tasks: TaskHandle[] = []
  for (let i = random.below(8); i > 0; i--)
    tasks.push(nesting.submit('nest', [random.pick(NESTS), random.below(10)], randomWait(random)))
  const handed = [bulk.submit('wait', [random.below(10)]), web.submit('echo', ['handed on'])]
  tasks.push(...handed, nesting.submit('awaitAll', [handed]), bulk.submit('echo', [1], { after: handed }))
  if (random.chance(STALLS)) {
    tasks.push(stalling.submit('hold', [STALL_AFTER_MS * 3]), stalling.submit('echo', ['behind it']))
    tasks.push(stalling.submit('nest', ['await', 1]))
  }
  if (random.chance(EXHAUSTED)) tasks.push(hungry.submit('exhaust', []))
  return tasks
}

function randomWait(random: Random) {
  return random.chance(0.3) ? { priority: random.below(5), key: random.pick(['a', 'b']) } : {}
}

function submitOne(scheduler: SoakScheduler, random: Random, signal: AbortSignal): TaskHandle {
  const lane = scheduler.lanes[random.pick(LANES)]
  const options = randomOptions(random, signal)
  switch (random.below(8)) {
    case 0:
      return lane.submit('compute', [random.below(4)], options)
    case 1:
      return lane.submit('wait', [random.below(20)], options)
    case 2:
      return lane.submit('waitOn', [random.below(20)], options)
    case 3:
      return lane.submit('failBefore', [random.below(4)], { ...options, retries: { limit: 2, delay: 1 } })
    case 4: {
      const buffer = new ArrayBuffer(1 + random.below(100_000))
      return lane.submit('fill', [buffer], { ...options, transfer: [buffer] })
    }
    case 5:
      return lane.submit('notCloneable', [], options)
    default:
      return lane.submit('echo', [{ text: 'x'.repeat(random.below(1000)) }], options)
  }
}

function randomOptions(random: Random, signal: AbortSignal) {
  return {
    ...(random.chance(0.2) ? { timeout: 1 + random.below(20) } : {}),
    ...(random.chance(0.2) ? { queueTimeout: random.below(20) } : {}),
    ...(random.chance(0.1) ? { deadline: Date.now() + random.below(50) } : {}),
    ...(random.chance(0.2) ? { delay: random.below(10) } : {}),
    ...(random.chance(0.3) ? { priority: random.below(5) } : {}),
    ...(random.chance(0.3) ? { signal } : {}),
    ...(random.chance(0.2) ? { key: random.pick(['a', 'b', 'c']) } : {}),
    ...(random.chance(0.2) ? { onStart: () => {}, onDone: () => {}, onError: () => {} } : {}),
  }
}

async function ended(task: TaskHandle, random: Random, ledger: Ledger): Promise<void> {
  if (random.chance(0.1)) setImmediate(() => task.cancel('not wanted'))
  if (random.chance(0.1)) task.setPriority(random.below(9))
  let outcome = 'DONE'
  try {
    await task.result()
  } catch (error) {
    outcome = error instanceof MultilaneError ? error.code : (error as Error).name
  }
  ledger.ended++
  ledger.outcomes.set(outcome, (ledger.outcomes.get(outcome) ?? 0) + 1)
}
