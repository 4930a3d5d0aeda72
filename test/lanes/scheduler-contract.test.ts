// @time-limit 150s
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import { schedulerRows } from '../contract/scheduler-rows.js'

const test = suite('scheduler rows: SchedulerThread')

schedulerRows(test, async ({ history }) => {
  const scheduler = await SchedulerThread.start({
    tasks: new URL('./tasks/plain.js', import.meta.url),
    lanes: { one: { grace: 30 }, two: { threads: 2 } },
    history,
  })
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  return {
    scheduler,
    lane: 'one',
    reported,
    submit: (name, args, options) =>
      name === 'hold'
        ? scheduler.lanes.two.submit(name, args, options)
        : scheduler.lanes.one.submit(name, args, options),
    close: () => scheduler.close(),
  }
})

test.run()
