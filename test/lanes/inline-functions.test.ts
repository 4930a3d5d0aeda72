import { InvalidArgumentError, MultilaneError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: inline, functions in place of a module')

const tasks = new URL('./tasks/plain.js', import.meta.url)

test('functions in place of a module, of all lanes or of one', async () => {
  const log: unknown[] = []
  const workerData = { greeting: 'hello' }
  const scheduler = await SchedulerThread.inline<typeof plain, 'a' | 'b' | 'c'>({
    tasks: { echo: value => [value], failIf: () => 7 },
    lanes: { a: {}, b: { tasks: { echo: () => 'of its own' } }, c: { tasks } },
  })
  assert.equal(await scheduler.lanes.a.run('echo', [1]), [1])
  assert.is(await scheduler.lanes.a.run('failIf', [-1]), 7)
  assert.is(await scheduler.lanes.b.run('echo', [1]), 'of its own')
  assert.is(await scheduler.lanes.c.run('echo', [1]), 1)
  const unknown = await rejectionOf(scheduler.lanes.b.run('thread'), MultilaneError)
  assert.is(unknown.code, 'ERR_TASK_UNKNOWN')
  await scheduler.close()

  const withHooks = await SchedulerThread.inline({
    tasks: {
      setup: (data: { greeting: string }) => {
        log.push(data.greeting)
        data.greeting = 'changed'
      },
      teardown: () => log.push('teardown'),
      notAFunction: 5,
    },
    lanes: { a: { workerData } },
  })
  await rejectionOf(withHooks.lanes.a.run('setup'), MultilaneError)
  await withHooks.stop()
  await withHooks.start()
  await withHooks.close()
  assert.equal(log, ['hello', 'teardown', 'hello', 'teardown'])
  assert.is(workerData.greeting, 'hello')
})

test('functions are refused where there are threads, and what is neither is refused everywhere', async () => {
  const options = { tasks: { five: () => 5 }, lanes: { a: {} } } as never
  assert.is((await rejectionOf(SchedulerThread.start(options), InvalidArgumentError)).option, 'tasks')
  assert.is(thrownBy(() => new SchedulerThread(options), InvalidArgumentError).option, 'tasks')
  const five = { five: () => 5 }
  class Fives {
    five = 5
    giveFive(): number {
      return this.five
    }
  }
  const bad = [
    [{ tasks: 5, lanes: { a: {} } }, 'tasks'],
    [{ tasks: [], lanes: { a: {} } }, 'tasks'],
    [{ tasks: five, lanes: { a: { tasks: 5 } } }, 'lanes.a.tasks'],
    [{ tasks: five, lanes: { a: { tasks: null } } }, 'lanes.a.tasks'],
    [{ tasks: five, lanes: { a: 5 } }, 'lanes.a'],
    [{ tasks: five, lanes: {} }, 'lanes'],
    [{ tasks: five, lanes: { a: {} }, lane: 1 }, 'lane'],
    [{ tasks: five, lanes: { a: { threads: Number.NaN } } }, 'lanes.a.threads'],
    [{ tasks: {}, lanes: { a: {} } }, 'tasks'],
    [{ tasks: { five: 5 }, lanes: { a: {} } }, 'tasks'],
    [{ tasks: new Fives(), lanes: { a: {} } }, 'tasks'],
    [{ tasks: five, lanes: { a: { tasks: new Fives() } } }, 'lanes.a.tasks'],
    [undefined, 'options'],
  ] as const
  for (const [given, option] of bad) {
    const error = await rejectionOf(SchedulerThread.inline(given as never), InvalidArgumentError)
    assert.is(error.option, option)
  }
})

test('functions that cannot be read', async () => {
  const planted = new RangeError('planted')
  const tasks = {
    get broken(): () => void {
      throw planted
    },
  }
  const error = await rejectionOf(SchedulerThread.inline({ tasks, lanes: { a: {} } }), MultilaneError)
  assert.is(error.code, 'ERR_TASK_LOAD')
  assert.is(error.cause, planted)
})

test.run()
