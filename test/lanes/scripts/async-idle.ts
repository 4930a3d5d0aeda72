/** Never closes its scheduler, and awaits nothing: its tasks alone hold the process. */
import { AsyncScheduler, AsyncTask, SyncTask } from 'multilane'

const scheduler = await AsyncScheduler.start()
const later = (value: string) => new Promise<string>(resolve => setTimeout(resolve, 20, value).unref())
scheduler.run(new AsyncTask(later, ['loop'])).then(console.log)
const module = new URL('../tasks/plain.js', import.meta.url)
scheduler.run(new SyncTask(module, 'echo', ['pool'])).then(console.log)
