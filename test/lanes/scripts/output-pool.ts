/** Its blocking functions write; it is stopped, started again, and left open. */
import { AsyncScheduler, SyncTask } from 'multilane'

const tasks = new URL('../tasks/writing.js', import.meta.url)
const scheduler = await AsyncScheduler.start()
await scheduler.run(new SyncTask(tasks, 'say'))
await scheduler.stop()
await scheduler.start()
await scheduler.run(new SyncTask(tasks, 'tick'))
await scheduler.run(new SyncTask(tasks, 'sayAndExit')).catch(() => {})
await scheduler.run(new SyncTask(tasks, 'say'))
