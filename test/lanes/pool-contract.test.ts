// @time-limit 120s
import { AsyncScheduler, SyncTask } from 'multilane'
import { suite } from 'uvu'
import { schedulerRows } from '../contract/scheduler-rows.js'

const test = suite('scheduler rows: AsyncScheduler, all on its pool')

const MODULE = new URL('./tasks/plain.js', import.meta.url)

const NO_HANDLES = 'an argument of a SyncTask is cloned, and a handle means nothing in the pool'
const SKIPPED = {
  'currentTask is the one that holds the loop, else the last to start': 'each holds a thread of its own',
  'after: one that waits for others may be cancelled, and moved': 'several threads answer in any order',
  'a task that awaits itself is refused': NO_HANDLES,
  'of two that await each other one is refused, and the other goes on': NO_HANDLES,
  'one that awaits a task whose turn of a key comes after its own is refused': NO_HANDLES,
  'a dependant that is awaited by what it is to start after closes a cycle too': NO_HANDLES,
  'a wait with a time of its own is not refused': NO_HANDLES,
  'what an urgent task awaits goes ahead of all that were queued before': NO_HANDLES,
  'what it awaits goes ahead of those that wait for the same key': NO_HANDLES,
  'and back to its place when the wait is over': NO_HANDLES,
}

schedulerRows(
  test,
  async ({ history }) => {
    const scheduler = await AsyncScheduler.start({ grace: 30, history, pool: { threads: 4 } })
    const reported: unknown[] = []
    scheduler.on('error', error => reported.push(error))
    return {
      scheduler,
      lane: 'pool',
      reported,
      submit: (name, args, options) => scheduler.submitTask(new SyncTask(MODULE, name, args), options),
      close: () => scheduler.close(),
    }
  },
  SKIPPED,
)

test.run()
