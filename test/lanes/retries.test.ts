import { LaneError, SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { rejectionOf } from '../support/rejection.js'
import type * as overloaded from './tasks/overloaded.js'
import { newLedger, written } from './tasks/overloaded.js'

const test = suite('lanes: retries')

const tasks = new URL('./tasks/overloaded.js', import.meta.url)
const start = () => SchedulerThread.start<typeof overloaded, 'a'>({ tasks, lanes: { a: {} } })

test('a task that fails is run again: it knows its attempt, and is called back once', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const ledger = newLedger()
  const log: string[] = []
  const task = a.submit('failUntil', [ledger, 3], {
    retries: { limit: 5, delay: 30 },
    onSubmit: () => log.push('submit'),
    onStart: () => log.push('start'),
    onDone: (_, value) => log.push(`done ${value}`),
    onError: () => log.push('error'),
  })
  assert.is(await task.result(), 3)
  assert.equal(
    [written(ledger), log],
    [
      [1, 2, 3],
      ['submit', 'start', 'done 3'],
    ],
  )
  const { submit, start: started = 0, done = 0 } = task.timestamps
  assert.ok(submit < started && started <= done, JSON.stringify(task.timestamps))
  // Timers may be a fraction early.
  assert.ok(started - submit >= 30 + 60 - 2, `${started - submit} ms of pauses`)
})

test('after the last attempt it fails with its last error; a number means so many more attempts', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const ledger = newLedger()
  const retries = { limit: 2, delay: 0 }
  const error = await rejectionOf(a.run('failUntil', [ledger, 9], { retries }), RangeError)
  assert.is(error.message, 'attempt 3')
  await rejectionOf(a.run('failUntil', [ledger, 9], { retries: 1 }), RangeError)
  assert.equal(written(ledger), [1, 2, 3, 1, 2])
  await rejectionOf(a.run('failUntil', [ledger, 9]), RangeError)
  assert.equal(written(ledger).slice(5), [1])
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('it waits SCHEDULED for its time, and is cancelled there', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const ledger = newLedger()
  const seen = new Set<string>()
  const task = a.submit('failUntil', [ledger, 9], { retries: { limit: 1, delay: 60_000, maxDelay: 60_000 } })
  await eventually('it waits for its second attempt', () => {
    seen.add(task.state)
    return task.state === 'SCHEDULED' && written(ledger).length === 1 && task.timestamps.start === undefined
  })
  assert.not(seen.has('FAILED'))
  assert.is(task.cancel(), true)
  await rejectionOf(task.result(), TaskCanceledError)
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('a key is kept through the pauses', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const ledger = newLedger()
  const first = a.submit('failUntil', [ledger, 3], { retries: { limit: 5, delay: 10 }, key: 'k' })
  const second = a.submit('write', [ledger, 99], { key: 'k', priority: 1_000 })
  const third = a.submit('write', [ledger, 100], { key: 'k' })
  await Promise.all([first, second, third].map(task => task.result()))
  assert.equal(written(ledger), [99, 1, 2, 3, 100])
})

test('what fails in a map is run again in its place', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const retries = { limit: 1, delay: 1 }
  const error = await rejectionOf(a.map('failIf', [1, 2, -3, 4], { retries }), RangeError)
  assert.is(error.message, '-3')
  assert.equal(await a.map('echoLater', [3, 20, 1], { retries }), [3, 20, 1])
  assert.not.instance(error, LaneError)
})

test.run()
