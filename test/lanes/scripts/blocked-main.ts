/** Blocks while a lane is stalled, and tells on the way out that nothing came to its ears meanwhile. */
import { SchedulerThread } from 'multilane'
import { arrived, newGate } from '../../support/gate.js'
import type * as holding from '../tasks/holding.js'

const scheduler = await SchedulerThread.start<typeof holding, 'urgent' | 'bulk'>({
  tasks: new URL('../tasks/holding.js', import.meta.url),
  lanes: { urgent: { priority: 'user-blocking', concurrency: 1 }, bulk: {} },
})
const { urgent, bulk } = scheduler.lanes
scheduler.on('stall', ({ task }) => console.log(`heard of '${task?.name}'`))
const gate = newGate()
const stalled = [bulk.run('rest', [10_000]), urgent.run('markAndHold', [gate, 2600]), urgent.run('echo', [1])]
await arrived(gate)
const end = performance.now() + 2000
while (performance.now() < end);
console.error('main goes on')
await Promise.race(stalled)
await stalled[1]
await scheduler.close({ timeout: 0 })
await Promise.allSettled(stalled)
