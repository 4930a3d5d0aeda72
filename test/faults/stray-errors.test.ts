import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as strays from './tasks/stray-errors.js'
import { Witness } from './witness.js'

const test = suite('faults: errors that get away')

const tasks = new URL('./tasks/stray-errors.js', import.meta.url)
const start = () =>
  SchedulerThread.start<typeof strays, 'a' | 'other'>({ tasks, lanes: { a: {}, other: {} } })
const WAYS = ['rejection', 'timer', 'microtask'] as const

for (const how of WAYS) {
  test(`an unhandled rejection or a timer that throws, during a task: ${how}`, async () => {
    await using scheduler = await start()
    const witness = await Witness.of(scheduler, 'other')
    const { a } = witness.lanes
    const errors: unknown[] = []
    scheduler.on('error', error => errors.push(error))
    const before = await a.run('thread')
    const gate = newGate()
    const neighbour = a.submit('wait', [gate])
    await arrived(gate)
    const straying = a.submit('strayWhileRunning', [how, gate])
    await eventually('somebody is blamed', () => straying.state === 'FAILED' || errors.length > 0)
    if (how !== 'microtask' || straying.state === 'FAILED') {
      const error = await rejectionOf(straying.result(), RangeError)
      assert.is(error.message, `${how} while running`)
      assert.equal(errors, [])
    }
    openGate(gate)
    // Not every Node.js knows whose a microtask was; then it is the lane's, and the task goes on.
    if (errors.length > 0) assert.is(await straying.result(), 'the end')
    assert.is(await neighbour.result(), 1)
    assert.is(await a.run('thread'), before)
    await witness.kept()
  })

  test(`an unhandled rejection or a timer that throws, just after its result: ${how}`, async () => {
    await using scheduler = await start()
    const witness = await Witness.of(scheduler, 'other')
    const { a } = witness.lanes
    const errors: unknown[] = []
    scheduler.on('error', error => errors.push(error))
    const before = await a.run('thread')
    const gate = newGate()
    const neighbour = a.submit('wait', [gate])
    await arrived(gate)
    const rounds = 10
    for (let round = 0; round < rounds; round++) {
      const straying = [a.run('strayAfterResult', [how]), a.run('strayAfterLaterResult', [how])]
      const next = [a.run('echo', [1]), a.run('echoLater', [2]), a.run('echo', [3])]
      assert.equal(await Promise.all(straying), ['the result', 'the result'])
      assert.equal(await Promise.all(next), [1, 2, 3])
    }
    await eventually('all are reported', () => errors.length >= 2 * rounds)
    assert.is(errors.length, 2 * rounds)
    for (const error of errors) {
      assert.instance(error, RangeError)
      assert.is((error as RangeError).message, `${how} after the result`)
    }
    openGate(gate)
    assert.is(await neighbour.result(), 1)
    assert.is(await a.run('thread'), before)
    assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
    await witness.kept()
  })
}

test('without a listener they are warnings of the process', async () => {
  const warnings: Error[] = []
  const listener = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listener)
  try {
    await using scheduler = await start()
    assert.is(await scheduler.lanes.a.run('strayAfterResult', ['timer']), 'the result')
    await eventually('the warning', () =>
      warnings.some(({ message }) => message === 'timer after the result'),
    )
  } finally {
    process.off('warning', listener)
  }
})

test.run()
