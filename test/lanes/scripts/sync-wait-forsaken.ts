/** Waits synchronously for what never ends, while the supervisor's thread dies. */
import { MultilaneError, SchedulerThread } from 'multilane'
import { newGate } from '../../support/gate.js'
import type * as waited from '../tasks/waited.js'

const scheduler = new SchedulerThread<typeof waited, 'a'>({
  tasks: new URL('../tasks/waited.js', import.meta.url),
  lanes: { a: {} },
})
scheduler.start().catch(() => {})
try {
  scheduler.lanes.a.submit('wait', [newGate()]).resultSync()
} catch (error) {
  console.log(error instanceof MultilaneError ? error.code : error)
}
