/** Its lane never gets ready; it does no more than say so. */
import { SchedulerThread } from 'multilane'

const tasks = 'data:text/javascript,await new Promise(() => {})'
const scheduler = new SchedulerThread({ tasks, lanes: { a: { startTimeout: 200, threads: 2 } } })
try {
  await scheduler.start()
} catch (error) {
  console.log((error as { code?: unknown }).code)
}
