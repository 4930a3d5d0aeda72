/** Its tasks write; it is stopped, started again and closed. */
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/writing.js', import.meta.url),
  lanes: { a: {}, b: { threads: 2 } },
})
await scheduler.lanes.a.run('say')
await scheduler.stop()
await scheduler.start()
await scheduler.lanes.a.run('say')
await scheduler.close()
