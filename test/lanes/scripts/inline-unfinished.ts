/** Awaits neither its start, its tasks nor its close, and nothing but these holds the process. */
import { SchedulerThread } from 'multilane'

/** A wait that does not hold the process. */
const wait = (milliseconds: number) =>
  new Promise<void>(resolve => void setTimeout(resolve, milliseconds).unref())

void SchedulerThread.inline({
  tasks: {
    setup: () => wait(50),
    wait,
    teardown: async () => {
      await wait(50)
      console.log('left')
    },
  },
  lanes: { a: {} },
}).then(scheduler => {
  const { a } = scheduler.lanes
  const tell = (what: string) => (): void => console.log(what)
  a.submit('wait', [300], { onDone: tell('running') })
  a.submit('wait', [60_000], { delay: 60_000, queueTimeout: 100, onTimeout: tell('timed out') })
  a.submit('wait', [1], {
    delay: 500,
    onDone: () => {
      console.log('delayed')
      void scheduler.close()
    },
  })
})
