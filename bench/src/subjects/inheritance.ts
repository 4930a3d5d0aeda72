import { SchedulerThread } from 'multilane'
import type * as tasks from '../tasks/inheritance.js'
import type { Open } from './subject.js'

/** On which lane the task is that waits: an urgent one, or one of the bulk work's own priority, which lends none. */
export type Waiter = 'urgent' | 'equal'

export interface InheritanceRequest {
  /** Bulk tasks in the queue. */
  readonly queued: number
  /** How many of them are behind the one that is awaited. */
  readonly behind: number
  /** Milliseconds that each of them takes. */
  readonly each: number
}

/** Milliseconds from the submission of a task that awaits one of the last of a queue until it has its result. */
export const open: Open<Waiter, InheritanceRequest, number> = async waiter => {
  const scheduler = await SchedulerThread.start<typeof tasks, Waiter | 'bulk'>({
    tasks: new URL('../tasks/inheritance.js', import.meta.url),
    lanes: {
      urgent: { priority: 'user-blocking' },
      equal: { priority: 'background' },
      // One at a time, as work that holds its thread is anyway.
      bulk: { priority: 'background', concurrency: 1, queue: { limit: Number.POSITIVE_INFINITY } },
    },
  })
  const { [waiter]: lane, bulk } = scheduler.lanes
  return {
    async round({ queued, behind, each }) {
      const all = Array.from({ length: queued }, () => bulk.submit('work', [each]))
      await all[0]!.wait({ for: 'RUNNING' })
      const start = performance.now()
      await lane.run('waitFor', [all[queued - 1 - behind]!])
      const waited = performance.now() - start
      // The others are of no use any more.
      for (const task of all) task.cancel()
      await scheduler.drain()
      return waited
    },
    close: () => scheduler.close(),
  }
}
