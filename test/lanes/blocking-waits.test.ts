// @time-limit 60s
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import type * as standing from './tasks/standing.js'

const test = suite('lanes: who waits for a thread that is blocked')

const start = () =>
  SchedulerThread.start<typeof standing, 'pair' | 'far' | 'other'>({
    tasks: new URL('./tasks/standing.js', import.meta.url),
    lanes: {
      pair: { concurrency: 8, stallAfter: Number.POSITIVE_INFINITY },
      far: { concurrency: 8 },
      other: { concurrency: 8 },
    },
  })

/** Long enough for a wait that lasts to be told. */
const TOLD_MS = 50

/** One that will wait for another, on the thread that is to be blocked meanwhile. */
async function scene({ lanes: { pair, far } }: Awaited<ReturnType<typeof start>>) {
  const gates = { inner: newGate(), outer: newGate() }
  const inner = pair.submit('waitHere', [gates.inner, 'inner'])
  const outer = far.submit('endAfter', [gates.outer, inner])
  await arrived(gates.inner)
  await arrived(gates.outer)
  return { gates, inner, outer }
}

test('of those that wait for each other the one is refused that blocks a thread for a time, since it is in vain', async () => {
  await using scheduler = await start()
  const { gates, outer } = await scene(scheduler)
  const asking = scheduler.lanes.pair.run('askFor', [outer, { timeout: 20_000 }])
  await sleep(TOLD_MS)
  openGate(gates.outer)
  const cycle = [
    "task 'askFor' on lane 'pair'",
    "task 'endAfter' on lane 'far'",
    "task 'waitHere' on lane 'pair'",
  ]
  assert.equal(await asking, { code: 'ERR_DEADLOCK', cycle })
  openGate(gates.inner)
  assert.is(await outer.result(), 'inner')
})

test('what a task that blocks its thread awaits besides may wait for that thread', async () => {
  await using scheduler = await start()
  const { gates, outer } = await scene(scheduler)
  const other = newGate()
  const asked = scheduler.lanes.other.submit('waitHere', [other, 'asked'])
  const asking = scheduler.lanes.pair.run('askBeside', [outer, asked])
  await sleep(TOLD_MS)
  openGate(gates.outer)
  await sleep(TOLD_MS)
  for (const gate of [gates.inner, other]) openGate(gate)
  assert.equal([await asking, await outer.result()], [['asked', 'inner'], 'inner'])
})

test('one that waits synchronously for the start of another is not waited for by that in vain', async () => {
  await using scheduler = await start()
  const { pair, far } = scheduler.lanes
  for (let round = 0; round < 5; round++) {
    const waiting = pair.submit('waitForStart', [], { delay: TOLD_MS })
    await far.run('keep', [[waiting]])
    assert.is(await waiting.result(), true)
    await sleep(TOLD_MS)
    assert.is(await far.run('answerOf'), true)
  }
})

for (const [how, outcome] of [
  ['is done', 'ended'],
  ['has failed', 'failed'],
] as const)
  test(`one that ${how} is waited for by nobody, though the loops are held of those who would say so`, async () => {
    await using scheduler = await start()
    const { pair, far, other } = scheduler.lanes
    const gates = { last: newGate(), ended: newGate(), held: newGate() }
    const last = pair.submit('waitHere', [gates.last, 'last'])
    const ended = far.submit('endAwaiting', [gates.ended, last, 600, outcome === 'failed'])
    const asked = other.submit('outcomeOf', [ended])
    await eventually('both wait', () =>
      [ended, asked].every(({ id }) => (scheduler.taskInfo(id)?.awaits.length ?? 0) > 0),
    )
    const holding = other.run('holdLater', [gates.held, 600])
    await arrived(gates.held)
    openGate(gates.ended)
    await ended.wait()
    assert.is(await pair.run('askFor', [asked]), outcome)
    openGate(gates.last)
    assert.is(await last.result(), 'last')
    await holding
  })

test('what is handed over is had by its task once the thread is free again, though the one that blocked it goes on', async () => {
  await using scheduler = await start()
  const { pair } = scheduler.lanes
  const gates = { asked: newGate(), until: newGate() }
  const asking = pair.submit('askBetween', [gates.asked, gates.until])
  await arrived(gates.asked)
  const bytes = new Uint8Array(8)
  const handed = pair.submit('sizeOf', [bytes], { transfer: [bytes.buffer], queueTimeout: 20_000 })
  await new Promise(setImmediate)
  assert.equal([handed.state, bytes.byteLength], ['SUBMITTED', 8], 'it is not sent')
  openGate(gates.asked)
  assert.is(await handed.result(), 8)
  assert.is(asking.state, 'STARTED')
  openGate(gates.until)
  await asking.result()
})

test('what blocks a thread is shown as what its task, and all others there, wait for', async () => {
  await using scheduler = await start()
  const { gates, inner } = await scene(scheduler)
  const other = newGate()
  const asked = scheduler.lanes.other.submit('waitHere', [other, 'asked'])
  const asking = scheduler.lanes.pair.submit('askFor', [asked])
  await sleep(2 * TOLD_MS)
  const waitingFor = (id: number) => scheduler.taskInfo(id)?.awaits
  assert.equal(
    [waitingFor(asking.id), waitingFor(inner.id)],
    [["task 'waitHere' on lane 'other'"], ["task 'askFor' on lane 'pair'"]],
  )
  for (const gate of [gates.outer, gates.inner, other]) openGate(gate)
  assert.is(await asking.result(), 'asked')
})

test.run()
