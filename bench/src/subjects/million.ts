import { setImmediate as turn } from 'node:timers/promises'
import type { TaskHandle } from 'multilane'
import { collectGarbage } from '../garbage.js'
import { type HeldLane, heldBytes, openHeldLane } from '../held-lane.js'
import { median } from '../statistics.js'
import type { Open } from './subject.js'

/** What is measured of a queue of so many tasks. */
export interface QueueFigures {
  /** Of one task, in bytes; of `submit`, its handle is kept and counted. */
  readonly run: number
  readonly runWithArgument: number
  readonly submit: number
  /** With one signal for all of them. */
  readonly submitWithSignal: number
  /** Nanoseconds a task: medians over batches of the last thousand. */
  readonly submitTime: number
  readonly runTime: number
  /** Of the oldest ones. */
  readonly cancelTime: number
  /** Nanoseconds a task of one abort that cancels all of the queue, the collector's share included. */
  readonly abortTime: number
}

const BATCH = 1_000
/** A thousand tasks more and the oldest thousand cancelled, so often. */
const CYCLES = 200
const RUNS = 100
/** So many thousands of tasks are cancelled by signals. */
const ABORTS = 100

/** A queue of so many tasks, on a lane whose only thread is held. */
export const open: Open<null, { readonly tasks: number }, QueueFigures> = async () => {
  const held = await openHeldLane()
  return {
    async round({ tasks }) {
      const { lane } = held
      const { signal } = new AbortController()
      return {
        run: await bytesOf(held, tasks, () => void lane.run('nothing')),
        runWithArgument: await bytesOf(held, tasks, i => void lane.run('take', [i])),
        submit: await bytesOf(held, tasks, () => lane.submit('nothing')),
        submitWithSignal: await bytesOf(held, tasks, () => lane.submit('nothing', [], { signal })),
        ...(await timesOf(held, tasks)),
      }
    },
    close: () => held.close(),
  }
}

/** Bytes that each queued task holds, with what `make` returns. */
async function bytesOf({ hold }: HeldLane, tasks: number, make: (i: number) => unknown): Promise<number> {
  const kept: unknown[] = new Array(tasks).fill(null)
  const release = await hold()
  const before = heldBytes()
  for (let i = 0; i < tasks; i++) {
    kept[i] = make(i)
    if (i % BATCH === BATCH - 1) await turn()
  }
  await turn()
  const bytes = (heldBytes() - before) / tasks
  kept.length = 0
  await release()
  return bytes
}

type Times = Pick<QueueFigures, 'submitTime' | 'runTime' | 'cancelTime' | 'abortTime'>

async function timesOf({ lane, hold }: HeldLane, tasks: number): Promise<Times> {
  const submits: number[] = []
  const cancels: number[] = []
  const runs: number[] = []
  let release = await hold()
  // In a ring: the next place is the oldest task's.
  const handles: TaskHandle<void>[] = []
  const places = tasks - BATCH
  for (let i = 0; i < places; i++) {
    handles.push(lane.submit('nothing'))
    if (i % BATCH === BATCH - 1) await turn()
  }
  collectGarbage()
  const batch: TaskHandle<void>[] = []
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    submits.push(
      timed(i => {
        batch[i] = lane.submit('nothing')
      }),
    )
    await turn()
    for (let i = 0; i < Math.min(BATCH, places); i++) {
      const place = (cycle * BATCH + i) % places
      const oldest = handles[place]!
      handles[place] = batch[i]!
      batch[i] = oldest
    }
    cancels.push(
      timed(i => {
        if (!batch[i]!.cancel()) throw new Error('a task that waits was not cancelled')
      }),
    )
    await turn()
  }
  batch.length = 0
  handles.length = 0
  await release()

  release = await hold()
  for (let i = 0; i < places; i++) {
    void lane.run('nothing')
    if (i % BATCH === BATCH - 1) await turn()
  }
  collectGarbage()
  for (let cycle = 0; cycle < RUNS; cycle++) {
    runs.push(timed(() => void lane.run('nothing')))
    await turn()
    // A short queue is to stay short.
    if (places === 0) {
      await release()
      release = await hold()
    }
  }
  await release()

  const aborts: number[] = []
  for (let abort = 0; abort < Math.max(1, (ABORTS * BATCH) / tasks); abort++) {
    release = await hold()
    const client = new AbortController()
    for (let i = 0; i < tasks; i++) {
      lane.submit('nothing', [], { signal: client.signal })
      if (i % BATCH === BATCH - 1) await turn()
    }
    const start = performance.now()
    client.abort('the client has gone')
    aborts.push(((performance.now() - start) * 1e6) / tasks)
    await release()
  }
  return {
    submitTime: median(submits),
    runTime: median(runs),
    cancelTime: median(cancels),
    abortTime: median(aborts),
  }
}

/** Nanoseconds a call, of a batch of them. */
function timed(call: (i: number) => void): number {
  const start = performance.now()
  for (let i = 0; i < BATCH; i++) call(i)
  return ((performance.now() - start) * 1e6) / BATCH
}
