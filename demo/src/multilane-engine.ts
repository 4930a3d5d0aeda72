import { SchedulerThread } from 'multilane'
import type * as bulkTasks from './bulk-tasks.js'
import { BULK_TASKS, type Engine, URGENT_TASKS } from './engine.js'
import type * as urgentTasks from './urgent-tasks.js'

type Tasks = typeof urgentTasks & typeof bulkTasks

/** An urgent lane of one thread, and a background lane with a thread for each core. */
export async function startMultilane(cores: number, report: (error: unknown) => void): Promise<Engine> {
  const scheduler = new SchedulerThread<Tasks, 'urgent' | 'bulk'>({
    lanes: {
      urgent: { priority: 'user-blocking', tasks: URGENT_TASKS },
      bulk: { priority: 'background', threads: cores, tasks: BULK_TASKS },
    },
  })
  scheduler.on('error', report)
  await scheduler.start()
  const { urgent, bulk } = scheduler.lanes
  return {
    urgent: order => urgent.run('priceOrder', [order]),
    bulk: (kind, path) => bulk.run(kind, [path]),
    close: patience => scheduler.close({ timeout: patience }),
  }
}
