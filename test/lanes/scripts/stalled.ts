/** Has a lane stalled, while it is free itself and listens to nothing. */
import { SchedulerThread } from 'multilane'
import type * as holding from '../tasks/holding.js'

const scheduler = await SchedulerThread.start<typeof holding, 'urgent'>({
  tasks: new URL('../tasks/holding.js', import.meta.url),
  lanes: { urgent: { priority: 'user-blocking' } },
})
await scheduler.lanes.urgent.run('hold', [1200])
console.log('done')
