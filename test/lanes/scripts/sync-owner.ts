/** A worker of the user's own that owns a scheduler, and posts what its lanes have answered. */
import { parentPort } from 'node:worker_threads'
import { SchedulerThread } from 'multilane'
import type * as waited from '../tasks/waited.js'

const scheduler = await SchedulerThread.start<typeof waited, 'a'>({
  tasks: new URL('../tasks/waited.js', import.meta.url),
  lanes: { a: {} },
})
const values = Array.from({ length: 100 }, (_, i) => scheduler.lanes.a.submit('echo', [i]).resultSync())
await scheduler.close()
parentPort?.postMessage(values)
