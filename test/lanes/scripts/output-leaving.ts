/** Threads that a lane had been given leave, and one of another lane exits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/writing.js', import.meta.url),
  lanes: {
    a: { concurrency: 1, threads: { min: 1, max: 3, idleTimeout: 20 } },
    // What exits is not replaced.
    b: { restart: { max: 0, within: 1000 } },
  },
})
const { a, b } = scheduler.lanes
const threads = async (): Promise<number> => (await scheduler.stats()).lanes.a?.threads ?? 0
const arrived = new Int32Array(new SharedArrayBuffer(4))
await Promise.all(Array.from({ length: 3 }, () => a.run('meet', [arrived, 3])))
while ((await threads()) > 1) await sleep(5)
await b.run('sayAndExit').catch(() => {})
await scheduler.close()
