import { MessagePort } from 'node:worker_threads'
import { LaneError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import { type Tapped, tapPorts } from './tapped-ports.js'
import type * as breakers from './tasks/port-breakers.js'
import { Witness } from './witness.js'

const test = suite('faults: ports')

const tasks = new URL('./tasks/port-breakers.js', import.meta.url)
const start = () =>
  SchedulerThread.start<typeof breakers, 'broken' | 'other'>({ tasks, lanes: { broken: {}, other: {} } })

/** What none of the protocols has. */
const NONSENSE: readonly unknown[] = [
  5,
  null,
  undefined,
  'words',
  {},
  new Map(),
  { type: 'nonsense' },
  { type: undefined },
]
const NO_INSTANT = { type: 'expiry', at: 'soon' }

/** An argument by which a batch of tasks is known from those for other lanes. */
const SHOWN = 'it shows the port'

let tapped: Tapped | undefined
test.after.each(() => tapped?.stop())

/** The ports on which this thread sends tasks to a lane, and speaks to the supervisor. */
function tapHere(): Tapped {
  tapped = tapPorts(MessagePort.prototype, message => {
    if (Array.isArray(message)) return message.includes(SHOWN) ? 'tasks' : undefined
    const type = (message as { type?: unknown } | null)?.type
    return type === 'expiry' || type === 'segment' ? String(type) : undefined
  })
  return tapped
}

for (const end of ['the thread', 'its sender'] as const) {
  test(`the port closed in mid-call: by ${end}`, async () => {
    await using scheduler = await start()
    const witness = await Witness.of(scheduler, 'other')
    const { broken } = witness.lanes
    const before = await broken.run('thread')
    const { ports } = tapHere()
    await broken.run('tap')
    await broken.run('echo', [SHOWN])
    const gate = newGate()
    const neighbour = broken.submit('wait', [gate])
    const idempotent = broken.submit('wait', [gate], { idempotent: true })
    await arrived(gate, 2)

    const called = end === 'the thread' ? 'closeAnswers' : 'wait'
    const task = scheduler.lanes.broken.submit(called, [gate])
    await arrived(gate, 3)
    if (end === 'its sender') ports.get('tasks')!.close()
    for (const lost of [neighbour, task]) {
      const error = await rejectionOf(lost.result(), LaneError)
      assert.is(error.code, 'ERR_LANE_CLOSED')
      assert.is(error.lane, 'broken')
      assert.is(lost.state, 'FAILED')
    }
    openGate(gate)
    assert.is(await idempotent.result(), 2)
    assert.is.not(await broken.run('thread'), before)
    await witness.kept({ unseen: 1 })
    assert.is((await scheduler.stats()).lanes.broken?.restarts, 1)
  })
}

test('the port closed in mid-call: by its sender, while a task holds the loop', async () => {
  await using scheduler = await start()
  const witness = await Witness.of(scheduler, 'other')
  const { broken } = witness.lanes
  const { ports } = tapHere()
  await broken.run('echo', [SHOWN])
  const gate = newGate()
  const holding = broken.submit('hold', [gate])
  await arrived(gate)
  const waiting = broken.submit('echo', ['moved'])
  ports.get('tasks')!.close()
  const error = await rejectionOf(holding.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_CLOSED')
  assert.is(await waiting.result(), 'moved')
  await witness.kept()
})

test('the port closed in mid-call: while its sender is in a synchronous wait', async () => {
  await using scheduler = await start()
  const witness = await Witness.of(scheduler, 'other')
  const { broken } = witness.lanes
  await broken.run('tap')
  await broken.run('echo', [SHOWN])
  const gate = newGate()
  const neighbour = broken.submit('wait', [gate])
  const task = broken.submit('closeAnswers', [gate])
  for (const lost of [task, neighbour]) {
    assert.is(lost.waitSync({ timeout: 20_000 }), true)
    const error = await rejectionOf(lost.result(), LaneError)
    assert.is(error.code, 'ERR_LANE_CLOSED')
  }
  openGate(gate)
  await witness.kept()
  assert.is((await scheduler.stats()).lanes.broken?.restarts, 1)
})

test('the port closed in mid-call: by which a thread waits for what another has submitted', async () => {
  await using scheduler = await start()
  const witness = await Witness.of(scheduler, 'other')
  const { broken, other } = witness.lanes
  const before = await broken.run('thread')
  const gate = newGate()
  const awaited = other.submit('wait', [gate])
  await arrived(gate, 1)
  const waiting = broken.submit('closeAndAwait', [awaited])
  const error = await rejectionOf(waiting.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_CLOSED')
  assert.is(error.lane, 'broken')
  assert.is.not(await broken.run('thread'), before)
  openGate(gate)
  assert.is(await awaited.result(), 1)
  await witness.kept()
})

test('a malformed, duplicate or late message: from a thread', async () => {
  await using scheduler = await start()
  const witness = await Witness.of(scheduler, 'other')
  const { broken } = witness.lanes
  const before = await broken.run('thread')
  await broken.run('tap')
  // A limit shows the port to the supervisor.
  await broken.run('echo', [1], { timeout: 60_000 })
  let strays = 0
  const counted = () => eventually('all are counted', async () => (await scheduler.stats()).strays >= strays)

  for (const nonsense of [NONSENSE, [NO_INSTANT]]) {
    const [answers, control] = await broken.run('babble', [nonsense])
    strays += answers + control
    await counted()
  }
  for (let round = 0; round < 10; round++) {
    assert.is(await broken.run('echo', [round]), round)
    // That of the echo, to which there is nothing left to answer.
    await broken.run('repeatAnswers')
    strays++
  }
  await counted()
  assert.is(await broken.run('thread'), before)
  await witness.kept({ strays })
})

test('a thread whose port to the supervisor has closed: what it submits from then on is told to stop as well', async () => {
  await using scheduler = await start()
  const { broken, other } = scheduler.lanes
  const [begun, stopped] = [newGate(), newGate()]
  const error = await rejectionOf(broken.run('closeAndSubmit', [begun, stopped]), LaneError)
  assert.is(error.code, 'ERR_LANE_CLOSED')
  // On a busy machine the thread may be ended before it has submitted anything.
  await eventually('what has begun is told to stop', () => arrivals(stopped) === arrivals(begun))
  assert.type(await other.run('thread'), 'number')
})

test('a malformed, duplicate or late message: to a thread, and to the supervisor', async () => {
  const { ports, last } = tapHere()
  await using scheduler = await start()
  const witness = await Witness.of(scheduler, 'other')
  const { broken } = witness.lanes
  const before = await broken.run('thread', [], { queueTimeout: 60_000 })
  assert.is(await broken.run('echo', [SHOWN]), SHOWN)
  const [lane, supervisor] = [ports.get('tasks')!, ports.get('expiry')!]
  const [late, segment] = [last.get('tasks'), last.get('segment')]
  for (const one of [...NONSENSE, late, segment]) lane.postMessage(one)
  for (const one of [...NONSENSE, NO_INSTANT, segment]) supervisor.postMessage(one)
  const strays = 2 * (NONSENSE.length + 2)
  await eventually('all are counted', async () => (await scheduler.stats()).strays >= strays)
  assert.is(await broken.run('thread'), before)
  await witness.kept({ strays })
})

test.run()
