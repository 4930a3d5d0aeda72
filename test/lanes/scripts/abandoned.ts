/** Its only task is cancelled and goes on for ever; nobody waits for it. */
import { SchedulerThread } from 'multilane'
import type * as plain from '../tasks/plain.js'

const scheduler = await SchedulerThread.start<typeof plain, 'a' | 'b'>({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { a: { grace: 50 }, b: { grace: 50 } },
})
const gate = new Int32Array(new SharedArrayBuffer(8))
const running = [scheduler.lanes.a.submit('wait', [gate]), scheduler.lanes.b.submit('spin', [gate])]
while (Atomics.load(gate, 0) < 2) await new Promise(resolve => setTimeout(resolve, 2))
for (const task of running) console.log(task.cancel())
