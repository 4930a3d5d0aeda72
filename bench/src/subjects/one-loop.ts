import { setTimeout as sleep } from 'node:timers/promises'
import fastq from 'fastq'
import { AsyncScheduler, AsyncTask } from 'multilane'
import PQueue from 'p-queue'
import { collectGarbage } from '../garbage.js'
import { quantile } from '../statistics.js'
import type { Open } from './subject.js'

export type Way =
  | 'multilane'
  | 'multilane with currentTask'
  | 'multilane callbacks'
  | 'p-queue'
  | 'fastq promises'
  | 'fastq callbacks'
  | 'fastq later callbacks'

export interface OneLoopRequest {
  /** Functions to be called. */
  readonly calls: number
  /** Urgent ones, one after another, while so many are queued each time. */
  readonly urgent: number
}

export interface OneLoopFigures {
  /** Functions a second, from the first submission to the last end. */
  readonly rate: number
  /** Milliseconds from the instant an urgent one was due to its end; its timer had to wait for its turn too. */
  readonly p50: number
  readonly max: number
}

/** A queue of one loop, as its own documentation has it used. */
interface Queue {
  /** Resolves when the function has been called so many times. */
  all(calls: number): Promise<unknown>
  /** Calls the function before all that wait. */
  urgent(): Promise<unknown>
}

const CONCURRENCY = 64
let called = 0
const call = (): void => void called++

const awaited = async (): Promise<Queue> => {
  const scheduler = await AsyncScheduler.start({ concurrency: CONCURRENCY })
  const task = new AsyncTask(call)
  return {
    all: calls => Promise.all(Array.from({ length: calls }, () => scheduler.run(task))),
    urgent: () => scheduler.run(task, { priority: 1 }),
  }
}

const QUEUES: Readonly<Record<Way, () => Promise<Queue>>> = {
  multilane: awaited,
  'multilane with currentTask': async () => {
    // From then on Node has to follow which task a promise is of.
    await import('multilane/task')
    return awaited()
  },
  'multilane callbacks': async () => {
    const scheduler = await AsyncScheduler.start({ concurrency: CONCURRENCY })
    const task = new AsyncTask(call)
    return {
      all: calls =>
        countedDown(calls, onDone => {
          for (let i = 0; i < calls; i++) scheduler.submitTask(task, { onDone })
        }),
      urgent: () => scheduler.run(task, { priority: 1 }),
    }
  },
  'p-queue': async () => {
    const queue = new PQueue({ concurrency: CONCURRENCY })
    return {
      all: calls => Promise.all(Array.from({ length: calls }, () => queue.add(call))),
      urgent: () => queue.add(call, { priority: 1 }),
    }
  },
  'fastq promises': async () => {
    const queue = fastq.promise(async () => call(), CONCURRENCY)
    return {
      all: calls => Promise.all(Array.from({ length: calls }, () => queue.push(null))),
      urgent: () => queue.unshift(null),
    }
  },
  'fastq callbacks': async () =>
    calledBack((_, done) => {
      call()
      done(null)
    }),
  'fastq later callbacks': async () =>
    calledBack((_, done) =>
      queueMicrotask(() => {
        call()
        done(null)
      }),
    ),
}

function calledBack(worker: (_: null, done: (error: null) => void) => void): Queue {
  const queue = fastq(worker, CONCURRENCY)
  return {
    all: calls =>
      countedDown(calls, ended => {
        for (let i = 0; i < calls; i++) queue.push(null, ended)
      }),
    urgent: () => new Promise(resolve => queue.unshift(null, resolve)),
  }
}

function countedDown(count: number, begin: (ended: () => void) => void): Promise<void> {
  return new Promise(resolve => {
    let left = count
    begin(() => {
      if (--left === 0) resolve()
    })
  })
}

/** So many functions queued in one turn, all awaited; and an urgent one that is due while as many are queued. */
export const open: Open<Way, OneLoopRequest, OneLoopFigures> = async way => {
  const queue = await QUEUES[way]()
  return {
    async round({ calls, urgent }) {
      collectGarbage()
      called = 0
      const start = performance.now()
      await queue.all(calls)
      const rate = (calls / (performance.now() - start)) * 1000
      if (called !== calls) throw new Error(`${called} of ${calls} functions were called`)
      const latencies: number[] = []
      for (let i = 0; i < urgent; i++) {
        const all = queue.all(calls)
        const due = performance.now() + 1
        await sleep(1)
        await queue.urgent()
        latencies.push(performance.now() - due)
        await all
      }
      return { rate, p50: quantile(latencies, 0.5), max: Math.max(...latencies) }
    },
    close: async () => {},
  }
}
