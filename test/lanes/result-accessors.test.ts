import { ResultNotCloneableError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf } from '../support/rejection.js'
import type * as accessors from './tasks/accessors.js'

const test = suite('lanes: what accessors in the result of a task do while they are read')

const start = () =>
  SchedulerThread.start<typeof accessors, 'a'>({
    tasks: new URL('./tasks/accessors.js', import.meta.url),
    lanes: { a: {} },
  })

test('one that throws what cannot be looked at fails its own task', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  // Known to be fast, so that the answers leave together.
  for (let i = 0; i < 100; i++) await a.run('echo', [i])
  const before = a.run('echo', ['before'])
  const refused = a.run('throwsUnreadably')
  const after = a.run('echo', ['after'])
  const error = await rejectionOf(refused, ResultNotCloneableError)
  assert.is(error.path, 'result.value')
  assert.equal(await Promise.all([before, after]), ['before', 'after'])
})

test('one that waits synchronously is refused that', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const error = await rejectionOf(a.run('waits'), ResultNotCloneableError)
  assert.is(error.path, 'result.value')
  assert.is(await a.run('lastRefusal'), 'ERR_DEADLOCK')
  const { unfinished, strays } = await scheduler.stats()
  assert.equal([unfinished, strays], [0, 0])
})

test.run()
