// @time-limit 60s
import { AsyncScheduler, AsyncTask, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'

const test = suite('lanes: errors that cannot be read')

/** Throws an error of which that cannot be read. */
function throwUnreadable(key: string): never {
  throw Object.defineProperty(new Error('planted'), key, {
    get() {
      throw new RangeError(`no ${key}`)
    },
  })
}

const KINDS = {
  AsyncScheduler: async () => {
    const scheduler = await AsyncScheduler.start()
    const task = new AsyncTask((value: number) => value, [1])
    return { scheduler, submit: (onDone: () => void) => scheduler.submitTask(task, { onDone }) }
  },
  'SchedulerThread.inline': async () => {
    const tasks = { echo: (value: number) => value }
    const scheduler = await SchedulerThread.inline<typeof tasks, 'a'>({ tasks, lanes: { a: {} } })
    return { scheduler, submit: (onDone: () => void) => scheduler.lanes.a.submit('echo', [1], { onDone }) }
  },
}

for (const [kind, make] of Object.entries(KINDS)) {
  test(`a callback that throws one while nobody listens is a warning, and the next tasks run: ${kind}`, async () => {
    const warnings: string[] = []
    const note = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', note)
    try {
      const { scheduler, submit } = await make()
      const keys = ['name', 'message', 'stack', 'code', 'toString']
      const handles = keys.map(key => submit(() => throwUnreadable(key)))
      const last = submit(() => {
        throw new Error('readable')
      })
      for (const handle of [...handles, last]) assert.is(await handle.result(), 1)
      await eventually('all were warned of', () => warnings.length === keys.length + 1)
      assert.equal(warnings, [...keys.map(() => 'an object was thrown'), 'readable'])
      await scheduler.close()
    } finally {
      process.off('warning', note)
    }
  })
}

test.run()
