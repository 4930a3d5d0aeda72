/** Its tasks write, one for ever, and it ends without a word to the scheduler. */
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/writing.js', import.meta.url),
  lanes: { a: {}, b: {} },
})
await scheduler.lanes.b.run('tick')
await scheduler.lanes.a.run('say')
