import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import type * as holding from './tasks/holding.js'

const test = suite('lanes: starts are told at once')

const tasks = new URL('./tasks/holding.js', import.meta.url)
const start = () => SchedulerThread.start<typeof holding, 'a'>({ tasks, lanes: { a: {} } })

test('onStart is called while the task still holds its loop', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  for (let round = 0; round < 3; round++) {
    const gate = newGate()
    const log: string[] = []
    const task = a.submit('block', [gate], {
      onStart: handle => log.push(`start ${handle.state}`),
      onDone: () => log.push('done'),
    })
    // It cannot end before the gate is open.
    await eventually('its start is told', () => log.length > 0)
    openGate(gate)
    await task.result()
    assert.equal(log, ['start STARTED', 'done'])
  }
})

test('that of a task of one second is called long before its end', async () => {
  await using scheduler = await start()
  let startedAt = Number.NaN
  await scheduler.lanes.a.run('hold', [1000], {
    onStart: () => {
      startedAt = performance.now()
    },
  })
  assert.ok(performance.now() - startedAt > 500)
})

test('also behind a fast one that left with it', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  await a.run('echo', [0])
  const gate = newGate()
  const log: string[] = []
  const tell = (what: string) => (): void => void log.push(what)
  const fast = a.run('echo', [1], { onStart: tell('fast'), onDone: tell('fast done') })
  const slow = a.run('block', [gate], { onStart: tell('slow') })
  await arrived(gate)
  await eventually('all is told', () => log.length === 3)
  assert.equal(log, ['fast', 'fast done', 'slow'])
  openGate(gate)
  await Promise.all([fast, slow])
})

test.run()
