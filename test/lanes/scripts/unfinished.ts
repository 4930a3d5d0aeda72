/** Ends while its tasks wait, run, and are yet to begin; it tells when each is done. */
import { SchedulerThread } from 'multilane'
import type * as plain from '../tasks/plain.js'

const scheduler = await SchedulerThread.start<typeof plain, 'a'>({
  tasks: new URL('../tasks/plain.js', import.meta.url),
  lanes: { a: { concurrency: 2 } },
})
const { a } = scheduler.lanes
const tell = (what: string) => (): void => console.log(what)
a.submit('echoLater', [-300], { onDone: tell('running') })
a.submit('echo', [1], { delay: 400, onDone: tell('delayed') })
a.submit('echo', [1], { delay: 60_000, queueTimeout: 100, onTimeout: tell('timed out') })
