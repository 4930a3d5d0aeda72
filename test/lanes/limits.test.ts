import { SchedulerThread, type TaskOptions, TaskTimeoutError, type TimeLimit } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: timeout, queueTimeout and deadline')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof plain, 'a'>({ tasks, lanes: { a: { grace: 20, concurrency: 2 } } })

async function expectLimit(
  task: { result(): Promise<unknown>; state: string },
  limit: TimeLimit,
): Promise<void> {
  const error = await rejectionOf(task.result(), TaskTimeoutError)
  assert.is(error.code, 'ERR_TASK_TIMEOUT')
  assert.is(error.limit, limit)
  assert.match(error.message, limit)
  assert.is(task.state, 'TIMED_OUT')
}

both('which limit ended a running task', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  await expectLimit(a.submit('wait', [gate], { timeout: 30 }), 'timeout')
  await expectLimit(a.submit('wait', [gate], { deadline: Date.now() + 50 }), 'deadline')
  await expectLimit(a.submit('wait', [gate], { timeout: 30, deadline: Date.now() + 60_000 }), 'timeout')
  await expectLimit(a.submit('wait', [gate], { timeout: 60_000, deadline: Date.now() + 50 }), 'deadline')
  openGate(gate)
})

test('which limit ended a task that waits, sent or not, while the loop is blocked', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const marks = newGate()
  const submit = (options: TaskOptions<void>) => a.submit('mark', [marks], options)
  const many = Array.from({ length: 20 }, () => submit({ queueTimeout: 50 }))
  const others = Array.from({ length: 20 }, () => submit({ deadline: Date.now() + 50 }))
  const first = submit({ queueTimeout: 50, deadline: Date.now() + 60_000 })
  const second = submit({ queueTimeout: 60_000, deadline: Date.now() + 50 })
  for (const task of [...many, first]) await expectLimit(task, 'queueTimeout')
  for (const task of [...others, second]) await expectLimit(task, 'deadline')
  assert.is(blocking.state, 'STARTED')
  openGate(gate)
  await blocking.result()
  await a.run('echo', [1])
  assert.is(arrivals(marks), 0, 'none of them runs')
})

both('which limit ended a delayed task', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  await expectLimit(a.submit('echo', [1], { delay: 60_000, queueTimeout: 20 }), 'queueTimeout')
  await expectLimit(a.submit('echo', [1], { delay: 60_000, deadline: Date.now() + 20 }), 'deadline')
})

both('a deadline that has passed already: it never starts', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const marks = newGate()
  for (let round = 0; round < 20; round++) {
    await expectLimit(a.submit('mark', [marks], { deadline: Date.now() - 1000 }), 'deadline')
  }
  await expectLimit(a.submit('mark', [marks], { deadline: 0 }), 'deadline')
  await a.run('echo', [1])
  assert.is(arrivals(marks), 0)
})

test('waiting does not count toward timeout, nor running toward queueTimeout', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const patient = a.submit('echo', ['patient'], { timeout: 50 })
  assert.is(await patient.wait({ timeout: 200 }), false)
  openGate(gate)
  await blocking.result()
  assert.is(await patient.result(), 'patient')

  const running = newGate()
  const task = a.submit('wait', [running], { queueTimeout: 5_000, timeout: 60_000 })
  const short = a.submit('wait', [running], { queueTimeout: 200 })
  await arrived(running, 2)
  assert.is(await short.wait({ timeout: 400 }), false)
  openGate(running)
  assert.equal(await Promise.all([task.result(), short.result()]), [1, 1])
})

both('limits that do not run out change nothing', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const limits = { timeout: 30_000, queueTimeout: 30_000, deadline: Date.now() + 30_000 }
  const results = await Promise.all(Array.from({ length: 500 }, (_, i) => a.run('echo', [i], limits)))
  assert.equal(
    results,
    results.map((_, i) => i),
  )
})

both('a thousand tasks time out together', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { grace: 20, concurrency: 1000 } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const running = Array.from({ length: 1000 }, () =>
    a.submit('wait', [gate], { timeout: 100, queueTimeout: 30_000 }),
  )
  for (const task of running) await expectLimit(task, 'timeout')
  openGate(gate)
  const { lanes, unfinished } = await scheduler.stats()
  assert.is(unfinished, 0)
  assert.is(lanes.a?.restarts, 0)
})

test.run()
