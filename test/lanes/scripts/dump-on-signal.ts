/** Sends itself the signal, with a task that runs and one that waits, and leaves its scheduler open. */
import { once } from 'node:events'
import { SchedulerThread } from 'multilane'
import { newGate, openGate } from '../../support/gate.js'

const scheduler = await SchedulerThread.start({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { one: {} },
  dumpOnSignal: 'SIGUSR2',
})
const own = once(process, 'SIGUSR2').then(() => console.log("the user's own listener"))
const gate = newGate()
const running = scheduler.lanes.one.submit('wait', [gate])
const delayed = scheduler.lanes.one.submit('echo', [1], { delay: 60_000 })
await running.wait({ for: 'RUNNING' })
process.kill(process.pid, 'SIGUSR2')
await own
delayed.cancel()
openGate(gate)
await running.result()
console.log('ended')
