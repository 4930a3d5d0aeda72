// @time-limit 90s
import { AsyncScheduler, AsyncTask, SyncTask, type TaskDescription } from 'multilane'
import { suite } from 'uvu'
import { schedulerRows } from '../contract/scheduler-rows.js'
import type { RowTask } from '../contract/scheduler-under-test.js'
import * as plain from './tasks/plain.js'

const test = suite('scheduler rows: AsyncScheduler')

const FUNCTIONS = plain as Readonly<Record<RowTask, (...args: never[]) => unknown>>
const BLOCKING: readonly RowTask[] = ['block', 'hold', 'spin']
const MODULE = new URL('./tasks/plain.js', import.meta.url)

function taskOf(name: RowTask, args: unknown[]): TaskDescription {
  if (BLOCKING.includes(name)) return new SyncTask(MODULE, name, args)
  return new AsyncTask(FUNCTIONS[name], args as never[])
}

schedulerRows(test, async ({ history }) => {
  const scheduler = await AsyncScheduler.start({ grace: 30, history, pool: { threads: 2 } })
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  return {
    scheduler,
    lane: 'loop',
    reported,
    submit: (name, args, options) => scheduler.submitTask(taskOf(name, args), options),
    close: () => scheduler.close(),
  }
})

test.run()
