// @time-limit 60s
import { DeadlockError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { reasonOf, rejectionOf } from '../support/rejection.js'
import type * as nesting from './tasks/nesting.js'

const test = suite('faults: tasks that wait for tasks')

const tasks = new URL('./tasks/nesting.js', import.meta.url)

const start = (concurrency: number) =>
  SchedulerThread.start<typeof nesting, 'a' | 'b'>({
    tasks,
    lanes: { a: { concurrency }, b: { concurrency } },
  })

test('nested calls A→B→A at concurrency 1', async () => {
  await using scheduler = await start(1)
  const { a, b } = scheduler.lanes
  assert.is(await a.run('bounce', [2]), 'aba')
  assert.is(await a.run('bounce', [20]), `${'ab'.repeat(10)}a`)
  const many = await Promise.all([...Array(50)].flatMap(() => [a.run('bounce', [4]), b.run('bounce', [4])]))
  assert.equal(
    many,
    [...Array(50)].flatMap(() => ['ababa', 'babab']),
  )
  assert.is((await rejectionOf(a.run('failInside', [5]), RangeError)).message, 'at the bottom')
  assert.is(await b.run('echo', [1]), 1)
})

test('a cycle of task→handle waits', async () => {
  await using scheduler = await start(8)
  const { a, b } = scheduler.lanes
  const first = a.submit('waitForGiven')
  await first.wait({ for: 'RUNNING' })
  const second = b.submit('waitFor', [first])
  const [refused] = await Promise.all([
    reasonOf(first.result()),
    reasonOf(second.result()),
    a.run('give', [second]),
  ])
  assert.instance(refused, DeadlockError)
  const { code, cycle, message } = refused as DeadlockError
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal([...cycle].sort(), ["task 'waitFor' on lane 'b'", "task 'waitForGiven' on lane 'a'"])
  for (const name of cycle) assert.ok(message.includes(name), message)
  // The lanes go on.
  assert.equal(await Promise.all([a.run('echo', [1]), b.run('bounce', [2])]), [1, 'bab'])
})

test('a synchronous wait that needs its own thread: for a task that waits for the one that would wait', async () => {
  await using scheduler = await start(8)
  const { a, b } = scheduler.lanes
  const first = a.submit('waitForGivenSync')
  await first.wait({ for: 'RUNNING' })
  const second = b.submit('waitFor', [first])
  const [refused] = await Promise.all([
    reasonOf(first.result()),
    reasonOf(second.result()),
    a.run('give', [second]),
  ])
  const { code, cycle } = refused as DeadlockError
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal([...cycle].sort(), ["task 'waitFor' on lane 'b'", "task 'waitForGivenSync' on lane 'a'"])
  assert.equal(await Promise.all([a.run('echo', [1]), b.run('bounce', [2])]), [1, 'bab'])
})

test.run()
