/**
 * Asks its parent for a limit of the operating system on its threads, and for its end: `test/lanes/refused-threads.test.ts`.
 */
import { once } from 'node:events'
import { AsyncScheduler, LaneError, SchedulerThread, SyncTask } from 'multilane'
import { arrivals, arrived, newGate, openGate } from '../../support/gate.js'
import { rejectionOf } from '../../support/rejection.js'
import type * as plain from '../tasks/plain.js'

async function ask(question: 'limit' | 'no limit'): Promise<void> {
  process.send!(question)
  await once(process, 'message')
}

const tasks = new URL('../tasks/plain.js', import.meta.url)
const scheduler = await SchedulerThread.start<typeof plain, 'bulk' | 'urgent'>({
  tasks,
  lanes: { bulk: { concurrency: 1, threads: { min: 1, max: 3 } }, urgent: {} },
})
const loop = await AsyncScheduler.start({ pool: { threads: 2 } })
await ask('limit')
const gate = newGate()
const held = Array.from({ length: 3 }, () => scheduler.lanes.bulk.run('block', [gate]))
const [told] = (await once(scheduler as never, 'error')) as [LaneError]
const echo = new SyncTask(tasks, 'echo', [2])
const refused = await rejectionOf(loop.run(echo), LaneError)
console.log(told.code, arrivals(gate), await scheduler.lanes.urgent.run('echo', [1]), refused.code)
await ask('no limit')
await arrived(gate, 3)
openGate(gate)
console.log((await Promise.all(held)).join(), await loop.run(echo))
await Promise.all([scheduler.close(), loop.close()])
process.disconnect()
