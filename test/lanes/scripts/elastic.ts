/** Leaves a lane that has grown, idle and open: once long before its threads would leave, once while they do. */
import { SchedulerThread } from 'multilane'
import type * as elastic from '../tasks/elastic.js'

const scheduler = await SchedulerThread.start<typeof elastic, 'long' | 'short'>({
  tasks: new URL('../tasks/elastic.js', import.meta.url),
  lanes: {
    long: { concurrency: 1, threads: { min: 1, max: 2 }, workerData: { counts: newCounts() } },
    short: {
      concurrency: 1,
      threads: { min: 1, max: 2, idleTimeout: 1 },
      workerData: { counts: newCounts() },
    },
  },
})

function newCounts(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8))
}

for (const lane of [scheduler.lanes.long, scheduler.lanes.short]) {
  const runs = newCounts()
  await Promise.all(Array.from({ length: 10 }, () => lane.run('count', [runs, 0, 30])))
  console.log(Atomics.load(runs, 0))
}
