/** A task writes for ever while the lanes are closed. Says how long that took, in milliseconds, on standard error. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/writing.js', import.meta.url),
  lanes: { a: { grace: 50 } },
})
scheduler.lanes.a
  .submit('flood')
  .result()
  .catch(() => {})
await sleep(50)
const begun = performance.now()
await scheduler.close({ timeout: 200 })
process.stderr.write(String(performance.now() - begun))
