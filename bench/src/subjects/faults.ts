import { getEventListeners, setMaxListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type Fault,
  type FaultsContender,
  type FaultsSetup,
  openFaults,
} from '../contenders/faults/contender.js'
import { collectGarbage } from '../garbage.js'
import { monotonicNow } from '../monotonic-now.js'
import { newStage, OPEN, STARTED } from '../tasks/faults.js'
import type { Open } from './subject.js'

export interface FaultsRequest {
  /** Of each fault. */
  readonly samples: number
  /** How many tasks are cancelled through one signal; each number is measured by itself. */
  readonly aborts: readonly number[]
}

/** In milliseconds, all samples. */
export interface FaultsFigures {
  /** From the end of its `timeout`, counted from its submission, until the caller of an endless loop is told. */
  readonly loop: readonly number[]
  /** From the port's closing until the caller of the task that closed it is told. */
  readonly closePort: readonly number[]
  /** From `process.exit()` in a task until the next task is done. */
  readonly exit: readonly number[]
  /** From when the caller of the task that exhausted the heap is told until the next one is done. */
  readonly exhaustHeap: readonly number[]
  readonly aborts: readonly Aborted[]
}

export interface Aborted {
  /** From `abort()` until all of the callers are told. */
  readonly time: number
  /** That the signal had before. */
  readonly listeners: number
}

/** Of a task, in milliseconds. */
const TIMEOUT = 50
/** So many tasks are submitted in one turn. */
const BATCH = 1_000

/** A thread that is lost time and again, and the queue of one that is held. */
export const open: Open<FaultsSetup, FaultsRequest, FaultsFigures> = async setup => {
  const contender = await openFaults(setup)
  const measures: Record<Fault, () => Promise<number>> = {
    async loop() {
      const start = monotonicNow()
      await toldOf(contender, 'loop', { timeout: TIMEOUT })
      return monotonicNow() - start - TIMEOUT
    },
    async closePort() {
      await contender.run('tap', newStage())
      const at = await toldOf(contender, 'closePort')
      return monotonicNow() - at
    },
    async exit() {
      const at = await toldOf(contender, 'exit')
      await contender.run('pass', newStage())
      return monotonicNow() - at
    },
    async exhaustHeap() {
      await toldOf(contender, 'exhaustHeap')
      const told = monotonicNow()
      await contender.run('pass', newStage())
      return monotonicNow() - told
    },
  }
  return {
    async round({ samples, aborts }) {
      const figures: Record<Fault, number[]> = { loop: [], closePort: [], exit: [], exhaustHeap: [] }
      for (let i = 0; i < samples; i++) {
        for (const fault of Object.keys(contender.told) as Fault[]) {
          // The thread that was lost before is replaced by then.
          await contender.run('pass', newStage())
          figures[fault].push(await measures[fault]())
        }
      }
      const aborted: Aborted[] = []
      for (const tasks of aborts) aborted.push(await abortAll(contender, tasks))
      return { ...figures, aborts: aborted }
    },
    close: () => contender.close(),
  }
}

/** @returns when it went wrong, as far as the task can say */
async function toldOf(
  { run, told }: FaultsContender,
  fault: Fault,
  limits?: { readonly timeout: number },
): Promise<number> {
  const stage = newStage()
  const error = await run(fault, stage, limits).then(
    () => new Error(`'${fault}' has ended well`),
    (reason: Error & { readonly code?: string }) => reason,
  )
  if ((('code' in error && error.code) || error.name) !== told[fault]) throw error
  return stage.at[0]!
}

/** On a thread that is held, so that hardly any of the tasks are there and not in the queue. */
async function abortAll({ run }: FaultsContender, tasks: number): Promise<Aborted> {
  const held = newStage()
  const holder = run('hold', held)
  while (Atomics.load(held.gate, STARTED) === 0) await turn()
  try {
    const client = new AbortController()
    const { signal } = client
    setMaxListeners(0, signal)
    const stage = newStage()
    const runs: Promise<unknown>[] = []
    while (runs.length < tasks) {
      runs.push(run('pass', stage, { signal }))
      // Lets those be sent for which there is credit, and this thread answer meanwhile.
      if (runs.length % BATCH === 0) await turn()
    }
    const outcomes = Promise.allSettled(runs)
    const listeners = getEventListeners(signal, 'abort').length
    collectGarbage()
    const start = monotonicNow()
    client.abort(new Error('the client has gone'))
    const ended = await outcomes
    const time = monotonicNow() - start
    if (ended.some(({ status }) => status !== 'rejected')) throw new Error('a cancelled task has run')
    return { time, listeners }
  } finally {
    Atomics.store(held.gate, OPEN, 1)
    Atomics.notify(held.gate, OPEN)
    await holder
  }
}
