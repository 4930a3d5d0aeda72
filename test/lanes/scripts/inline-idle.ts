/** Leaves its lanes idle, and open, on its own thread. */
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.inline({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background' } },
})
console.log(
  await scheduler.lanes.urgent.run('echo', ['urgent']),
  await scheduler.lanes.bulk.run('echo', ['bulk']),
)
