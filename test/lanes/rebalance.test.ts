import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import type * as overloaded from './tasks/overloaded.js'

const test = suite('lanes: tasks that wait behind a held loop')

const tasks = new URL('./tasks/overloaded.js', import.meta.url)

test('a short task that was sent behind a long one runs on another thread, while the long one still runs', async () => {
  await using scheduler = await SchedulerThread.start<typeof overloaded, 'a'>({
    tasks,
    lanes: { a: { threads: 2, concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  for (let round = 0; round < 5; round++) {
    const [long, brief] = [newGate(), newGate()]
    const holding = a.submit('block', [long])
    const passing = a.submit('block', [brief])
    await arrived(long)
    await arrived(brief)
    const marks = newGate()
    // With both threads held, some are sent and the others wait.
    const behind = Array.from({ length: 4 }, () => a.submit('mark', [marks]))
    await new Promise(resolve => setImmediate(resolve))
    assert.ok(behind.filter(task => task.state === 'SCHEDULED').length >= 1)
    openGate(brief)
    await Promise.all(behind.map(task => task.result()))
    assert.equal([arrivals(marks), holding.state], [4, 'STARTED'])
    openGate(long)
    await Promise.all([holding, passing].map(task => task.result()))
  }
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('an urgent task does not wait for the task it was sent behind', async () => {
  await using scheduler = await SchedulerThread.start<typeof overloaded, 'a'>({
    tasks,
    lanes: { a: { threads: 2, concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const long = a.submit('block', [gate])
  await arrived(gate)
  const many = Array.from({ length: 200 }, (_, i) => a.submit('echo', [i], { priority: i % 5 }))
  assert.equal(
    await Promise.all(many.map(task => task.result())),
    many.map((_, i) => i),
  )
  assert.is(long.state, 'STARTED')
  openGate(gate)
  await long.result()
})

test.run()
