import { setImmediate as turn } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SyncTask } from 'multilane'

/** Starts and stops a scheduler, each third time with tasks that run, one of them on a thread. */
const scheduler = new AsyncScheduler({ grace: 20, pool: { threads: 1 } })
const block = new SyncTask(new URL('../tasks/plain.js', import.meta.url), 'hold', [
  new Int32Array(new SharedArrayBuffer(8)),
])

async function cycle(isBusy: boolean): Promise<void> {
  await scheduler.start()
  if (isBusy) {
    const running = [
      scheduler.submitTask(block),
      scheduler.submitTask(new AsyncTask(() => new Promise(() => {}))),
    ]
    for (const task of running) await task.wait({ for: 'RUNNING' })
  } else await scheduler.run(new AsyncTask(() => 1))
  await scheduler.stop()
}

/** By kind, how much there is that could hold the process; of memory that has no end of its own, nothing. */
async function handles(): Promise<string> {
  for (let i = 0; i < 5; i++) await turn()
  return process.getActiveResourcesInfo().sort().join()
}

for (let i = 0; i < 5; i++) await cycle(i === 0)
const before = await handles()
for (let i = 0; i < 50; i++) await cycle(i % 5 === 0)
const after = await handles()
console.log(before === after ? 'the same' : `before: ${before}; after: ${after}`)
console.log(
  process.listenerCount('exit') + process.listenerCount('SIGTERM') < 5 ? 'no listeners' : 'listeners',
)
await scheduler.close()
