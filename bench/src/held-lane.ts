import { setImmediate as turn } from 'node:timers/promises'
import { type Lane, SchedulerThread } from 'multilane'
import { collectGarbage } from './garbage.js'
import type * as tasks from './tasks/held.js'

/** A lane of one thread whose queue takes everything, and that can be held. */
export interface HeldLane {
  readonly lane: Lane<typeof tasks>
  /** Occupies the thread, so that all that is submitted waits. @returns lets it go, and waits until all has run */
  hold(): Promise<() => Promise<void>>
  close(): Promise<void>
}

export async function openHeldLane(): Promise<HeldLane> {
  const scheduler = await SchedulerThread.start<typeof tasks, 'lane'>({
    tasks: new URL('./tasks/held.js', import.meta.url),
    // One at a time, so that hardly any of them are on the thread rather than in the queue.
    lanes: { lane: { concurrency: 1, queue: { limit: Number.POSITIVE_INFINITY } } },
  })
  const { lane } = scheduler.lanes
  return {
    lane,
    async hold() {
      const gate = new Int32Array(new SharedArrayBuffer(4))
      const holder = lane.submit('hold', [gate])
      while (holder.state !== 'STARTED') await turn()
      return async () => {
        Atomics.store(gate, 0, 1)
        Atomics.notify(gate, 0)
        await scheduler.drain()
      }
    },
    close: () => scheduler.close(),
  }
}

/**
 * Bytes that this thread's heap and all its buffers hold, after what is garbage was freed. What of buffers is counted
 * in both of Node's figures counts twice: rather too much than too little.
 */
export function heldBytes(): number {
  // What the first one finalizes the second one frees.
  collectGarbage()
  collectGarbage()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}
