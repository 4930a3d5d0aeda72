import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import type { SoakLane } from '../mixed-load.js'
import type * as mixed from './mixed.js'

/** What tasks do that submit others. */
export const NESTS = ['await', 'hand on', 'keyed', 'after', 'block', 'cancel', 'forget'] as const
export type Nest = (typeof NESTS)[number]

/** Waits for tasks that others have submitted. Whether they failed is nothing to it. */
export async function awaitAll(tasks: readonly TaskHandle[]): Promise<number> {
  for (const task of tasks) await task.wait()
  return tasks.length
}

/** Submits tasks to other lanes, which may wait for each other, and mostly waits for them. */
export async function nest(kind: Nest, ms: number): Promise<number> {
  const { web, bulk, urgent } = currentTask<typeof mixed, SoakLane>().lanes
  switch (kind) {
    case 'await':
      return bulk.run('wait', [ms])
    case 'hand on':
      // Whoever waits is on one thread, what is waited for on another, and neither was submitted there.
      return web.run('awaitAll', [[bulk.submit('wait', [ms]), urgent.submit('waitOn', [ms])]])
    case 'keyed': {
      const keyed = [0, 1, 2].map(i => bulk.submit('wait', [ms], { key: `of a thread ${i % 2}` }))
      for (const task of keyed) await task.wait()
      return ms
    }
    case 'after': {
      const first = bulk.submit('wait', [ms])
      return web.run('waitOn', [0], { after: [first], priority: 3 })
    }
    case 'block':
      return web.submit('wait', [ms]).resultSync({ timeout: 5_000 })
    case 'cancel': {
      const task = bulk.submit('wait', [1_000])
      await sleep(ms)
      task.cancel('not wanted')
      await task.wait()
      return ms
    }
    case 'forget':
      web.submit('echo', ['nobody asks'])
      bulk
        .submit('wait', [ms])
        .result()
        .catch(() => {})
      return ms
  }
}
