/** Awaits neither the start of its lanes nor their task, nor closes them. */
import { SchedulerThread } from 'multilane'
import type * as plain from '../tasks/plain.js'

const scheduler = new SchedulerThread<typeof plain, 'a'>({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { a: {} },
})
void scheduler.start().then(() => {
  console.log('started')
  void scheduler.lanes.a.run('echo', ['answered']).then(console.log)
})
