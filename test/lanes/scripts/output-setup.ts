/** What its thread wrote before it failed tells why. */
import { SchedulerThread } from 'multilane'

const tasks = new URL('../tasks/writing.js', import.meta.url)
await SchedulerThread.start({ tasks, lanes: { a: { workerData: 'fails' } } }).catch(({ code }) => {
  console.log(code)
})
