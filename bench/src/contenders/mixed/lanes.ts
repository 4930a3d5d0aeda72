import { SchedulerThread } from 'multilane'
import type * as tasks from '../../tasks/mixed.js'
import type { Rig } from './rig.js'

export async function openLanes(threads: number): Promise<Rig> {
  const scheduler = await SchedulerThread.start<typeof tasks, 'urgent' | 'bulk'>({
    tasks: new URL('../../tasks/mixed.js', import.meta.url),
    lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background', threads } },
  })
  const { urgent, bulk } = scheduler.lanes
  return {
    urgent: seed => urgent.run('check', [{ seed }]),
    bulk: iterations => bulk.run('derive', [{ iterations }]),
    close: () => scheduler.close(),
  }
}
