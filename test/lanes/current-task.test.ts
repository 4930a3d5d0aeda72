import { MultilaneError, SchedulerThread } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { arrived, newGate } from '../support/gate.js'
import { reasonOf, thrownBy } from '../support/rejection.js'
import type * as aware from './tasks/self-aware.js'

const test = suite('lanes: currentTask()')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/self-aware.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof aware, 'a' | 'b'>({ tasks, lanes: { a: {}, b: {} } })

both('what a task sees of itself', async launch => {
  await using scheduler = await start(launch)
  const deadline = Date.now() + 60_000
  const task = scheduler.lanes.b.submit('lookOnce', [], { deadline })
  const seen = await task.result()
  assert.ok(Math.abs((seen.deadline ?? 0) - deadline) < 1000, `${seen.deadline} is about ${deadline}`)
  const expected = { id: task.id, name: 'lookOnce', lane: 'b', attempt: 1, cancelled: false, aborted: false }
  assert.equal(seen, { ...expected, deadline: seen.deadline })
  assert.is((await scheduler.lanes.a.run('lookOnce')).deadline, undefined)
})

both('also after an await, in a timer and after a turn, among many others', async launch => {
  await using scheduler = await start(launch)
  const handles = Array.from({ length: 100 }, (_, i) =>
    scheduler.lanes[i % 2 ? 'a' : 'b'].submit('lookOften'),
  )
  for (const task of handles) {
    const seen = await task.result()
    assert.is(seen.length, 4)
    for (const { id, name, lane } of seen) {
      assert.equal([id, name, lane], [task.id, 'lookOften', task.lane])
    }
  }
})

both('its signal fires with the reason, and `cancelled` is true then', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const controller = new AbortController()
  const cancels = [
    (task: { cancel(reason?: unknown): boolean }) => task.cancel('a word'),
    (task: { cancel(reason?: unknown): boolean }) => task.cancel(new RangeError('an error')),
    (task: { cancel(reason?: unknown): boolean }) => task.cancel(),
    () => controller.abort({ an: 'object' }),
  ]
  for (const cancel of cancels) {
    const gate = newGate()
    const task = a.submit('untilAborted', [gate], { signal: controller.signal })
    await arrived(gate)
    cancel(task)
    await reasonOf(task.result())
    await arrived(gate, 2)
  }
  const gate = newGate()
  await reasonOf(a.run('untilAborted', [gate], { timeout: 20 }))
  await arrived(gate, 2)
  assert.equal(await a.run('reasons'), [
    'a word',
    ['RangeError', 'an error'],
    ['TaskCanceledError', `task 'untilAborted' was cancelled`],
    { an: 'object' },
    ['TaskTimeoutError', `task 'untilAborted' exceeded its timeout`],
  ])
  assert.is((await scheduler.stats()).abandoned, 0)
})

both('its signal has fired when it asks for it only after the abort', async launch => {
  await using scheduler = await start(launch)
  const gate = newGate()
  const task = scheduler.lanes.a.submit('lateSignal', [gate])
  await arrived(gate)
  assert.is(task.cancel(), true)
  await arrived(gate, 2)
})

both('outside a task it throws', async launch => {
  const here = thrownBy(() => currentTask(), MultilaneError)
  assert.is(here.code, 'ERR_INVALID_ARG')
  await using scheduler = await start(launch)
  const there = await scheduler.lanes.a.run('whatWasThrown')
  assert.instance(there, Error)
  assert.match((there as Error).message, 'outside a task')
})

test.run()
