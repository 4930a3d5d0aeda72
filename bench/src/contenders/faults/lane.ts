import { SchedulerThread } from 'multilane'
import type * as tasks from '../../tasks/faults.js'
import { type FaultsContender, HEAP_MB } from './contender.js'

/** A lane of one thread; all else as it comes. */
export async function openLane(): Promise<FaultsContender> {
  const scheduler = await SchedulerThread.start<typeof tasks, 'lane'>({
    tasks: new URL('../../tasks/faults.js', import.meta.url),
    lanes: {
      lane: {
        queue: { limit: Number.POSITIVE_INFINITY },
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
        // Each loss is to count as the first one: others wait longer for their replacement.
        restart: { max: 100, within: 0 },
        // An abort of so many blocks main while the thread is held, which is not to be reported.
        stallAfter: 120_000,
      },
    },
  })
  const { lane } = scheduler.lanes
  return {
    told: {
      loop: 'ERR_TASK_TIMEOUT',
      closePort: 'ERR_LANE_CLOSED',
      exit: 'ERR_LANE_EXITED',
      exhaustHeap: 'ERR_LANE_OOM',
    },
    run: (task, stage, limits) => lane.run(task, [stage], limits),
    close: () => scheduler.close(),
  }
}
