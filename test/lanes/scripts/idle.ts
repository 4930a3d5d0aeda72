/** Leaves its lanes idle, and open. */
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background', threads: 2 }, unused: {} },
})
console.log(
  await scheduler.lanes.urgent?.run('echo', ['urgent']),
  await scheduler.lanes.bulk?.run('echo', ['bulk']),
)
