import { setImmediate as turn } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask } from 'multilane'

// A task waits for a promise, and nothing is queued: the scheduler has nothing to look at again and again.
const scheduler = await AsyncScheduler.start()
let end = (): void => {}
const task = scheduler.submitTask(new AsyncTask(() => new Promise<void>(resolve => (end = resolve))))
await task.wait({ for: 'RUNNING' })
for (let i = 0; i < 5; i++) await turn()

// The one timer holds the process for as long as there are tasks: it fires in 24 days.
console.log(
  task.state,
  process
    .getActiveResourcesInfo()
    .filter(kind => /Timeout|Immediate/.test(kind))
    .join(),
)
end()
await task.result()
await scheduler.close()
