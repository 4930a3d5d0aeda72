import { setImmediate as turn } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { sample } from '../sampling.js'
import type * as tasks from '../tasks/blocked.js'
import type { Open } from './subject.js'

export interface CancelFigures {
  /** Milliseconds from `cancel()` to the rejected result, median and 99th percentile. */
  readonly p50: number
  readonly p99: number
}

/** Cancels tasks that have not started, on a lane whose only thread is inside a synchronous loop. */
export const open: Open<null, { readonly samples: number }, CancelFigures> = async () => {
  const scheduler = await SchedulerThread.start<typeof tasks, 'lane'>({
    tasks: new URL('../tasks/blocked.js', import.meta.url),
    lanes: { lane: {} },
  })
  const { lane } = scheduler.lanes
  return {
    async round({ samples }) {
      const gate = new Int32Array(new SharedArrayBuffer(4))
      const blocker = lane.submit('block', [gate])
      while (blocker.state !== 'STARTED') await turn()
      try {
        return await sample(samples, 0, async () => {
          const task = lane.submit('neverStarted')
          // Lets it be sent, if there is credit: what is already on the thread is harder to take back.
          await turn()
          const start = performance.now()
          if (!task.cancel()) throw new Error('a task that cannot have started was not cancelled')
          await task.result().catch(() => {})
          return { overriddenDuration: performance.now() - start }
        })
      } finally {
        Atomics.store(gate, 0, 1)
        await blocker.result()
      }
    },
    close: () => scheduler.close(),
  }
}
