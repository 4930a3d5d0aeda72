// @time-limit 60s
import { type LaneError, type LaneOptions, SchedulerThread, type StallEvent } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as stalling from './tasks/stalling.js'

const test = suite('lanes: a loop that is held after an await')

const tasks = new URL('./tasks/stalling.js', import.meta.url)

async function start(options: LaneOptions) {
  const workerData = { counts: new Int32Array(new SharedArrayBuffer(8)) }
  const scheduler = await SchedulerThread.start<typeof stalling, 'a'>({
    tasks,
    lanes: { a: { stallAfter: 250, workerData, ...options } },
  })
  const stalls: StallEvent[] = []
  scheduler.on('stall', event => stalls.push(event))
  return { scheduler, a: scheduler.lanes.a, stalls }
}

const idsOf = (candidates: StallEvent['candidates']): number[] => candidates.map(({ id }) => id)

test('it is told while it is held, with the task that alone can hold it, and where its loop is', async () => {
  const { scheduler, a, stalls } = await start({})
  await using _ = scheduler
  const gate = newGate()
  const task = a.submit('holdLaterAt', [gate])
  await eventually('it is told', async () => stalls.length > 0)
  assert.is(task.state, 'STARTED')
  const { lane, task: held, candidates, silent, action, stack } = stalls[0]!
  assert.equal([lane, held, action], ['a', { id: task.id, name: 'holdLaterAt' }, 'report'])
  assert.equal(candidates, [held])
  assert.ok(silent >= 250, `${silent} ms`)
  assert.match(stack ?? '', /deepAt/)
  openGate(gate)
  assert.is(await task.result(), 'kept')
  assert.is(stalls.length, 1)
})

test('replace: what waits behind it is done meanwhile, once each, and it keeps its result', async () => {
  const { scheduler, a, stalls } = await start({ onStall: 'replace', concurrency: 1 })
  await using _ = scheduler
  const gate = newGate()
  const held = a.submit('holdLaterAt', [gate])
  await arrived(gate, 1)
  const runs = new Int32Array(new SharedArrayBuffer(4 * 1000))
  const waiting = Array.from({ length: 1000 }, (_, i) => a.run('count', [runs, i, 0]))
  assert.equal(await Promise.all(waiting), [...runs.keys()])
  assert.is(held.state, 'STARTED')
  assert.equal([...runs], Array(1000).fill(1))
  assert.equal(
    stalls.map(({ action }) => action),
    ['replace'],
  )
  openGate(gate)
  assert.is(await held.result(), 'kept')
})

test('terminate: all that may have held it are named, and what is idempotent among them is run again', async () => {
  const { scheduler, a, stalls } = await start({ onStall: 'terminate' })
  await using _ = scheduler
  const [gate, other] = [newGate(), newGate()]
  const neighbour = a.submit('waitAt', [other], { idempotent: true })
  const asleep = a.submit('waitAt', [other])
  await arrived(other, 2)
  const held = a.submit('holdLaterAt', [gate])
  for (const task of [held, asleep]) {
    const reason = (await reasonOf(task.result())) as LaneError
    assert.is(reason.code, 'ERR_LANE_TERMINATED')
    assert.equal([...(reason.holders ?? [])].sort(), ['holdLaterAt', 'waitAt', 'waitAt'])
  }
  openGate(other)
  assert.is(await neighbour.result(), 'passed')
  assert.equal(idsOf(stalls[0]!.candidates), [neighbour.id, asleep.id, held.id])
})

test('a loop that is busy with short turns, or sleeps, is not', async () => {
  // Longer than a busy machine keeps a thread from its core, or so it is hoped.
  const { scheduler, a, stalls } = await start({ stallAfter: 1000 })
  await using _ = scheduler
  await Promise.all([a.run('turnFor', [3000]), a.run('sleepFor', [3000])])
  assert.equal(stalls, [])
})

test.run()
