/** A file of node:test, as a user would write one. */
import { equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { SchedulerThread, TaskTimeoutError } from 'multilane'
import type * as plain from '../tasks/plain.js'

test('a stub is called in place of a task', async t => {
  const echo = t.mock.fn((value: unknown) => value)
  await using scheduler = await SchedulerThread.inline<typeof plain, 'a'>({
    tasks: { echo },
    lanes: { a: {} },
  })
  equal(await scheduler.lanes.a.run('echo', ['called']), 'called')
  equal(echo.mock.callCount(), 1)
})

test('the task module itself, and its limits', async () => {
  await using scheduler = await SchedulerThread.inline<typeof plain, 'a'>({
    tasks: new URL('../tasks/plain.js', import.meta.url),
    lanes: { a: {} },
  })
  await rejects(scheduler.lanes.a.run('echoLater', [-200], { timeout: 20 }), TaskTimeoutError)
})
