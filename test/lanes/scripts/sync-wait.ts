/** Waits synchronously, from before its lanes are ready, and leaves them idle. */
import { SchedulerThread } from 'multilane'
import type * as waited from '../tasks/waited.js'

const scheduler = new SchedulerThread<typeof waited, 'a'>({
  tasks: new URL('../tasks/waited.js', import.meta.url),
  lanes: { a: {} },
})
void scheduler.start()
console.log(scheduler.lanes.a.submit('later', [10, 'first']).resultSync())
console.log(scheduler.lanes.a.submit('later', [60_000, 'never']).waitSync({ timeout: 20 }))
console.log(scheduler.lanes.a.submit('echo', ['last']).resultSync())
await scheduler.stop()
