// @time-limit 60s
import { type LaneOptions, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate, passBy } from '../support/gate.js'
import type * as standing from './tasks/standing.js'

const test = suite('lanes: threads that block each other')

const tasks = new URL('./tasks/standing.js', import.meta.url)
const start = (pair: LaneOptions = { threads: 2 }) =>
  SchedulerThread.start<typeof standing, 'pair' | 'far' | 'other'>({
    tasks,
    lanes: { pair, far: {}, other: {} },
  })

const FREE_THREAD = "a free thread of lane 'pair'"

/** The values that tasks came to; of the one that was refused its cycle. */
function apart(results: readonly unknown[]) {
  const refused = results.filter(result => typeof result === 'object') as { code: string; cycle: string[] }[]
  return { refused, values: results.filter(result => typeof result !== 'object') }
}

test('all threads of a lane wait for tasks of that lane: one of them is refused, and the other has its value', async () => {
  await using scheduler = await start()
  const { pair } = scheduler.lanes
  const gate = newGate()
  const asked = [1, 2].map(value => pair.run('askTogether', [gate, 2, 'pair', 'echo', value]))
  const { refused, values } = apart(await Promise.all(asked))
  assert.is(values.length, 1)
  const cycle = ["task 'askTogether' on lane 'pair'", "task 'echo' on lane 'pair'", FREE_THREAD]
  assert.equal(refused, [{ code: 'ERR_DEADLOCK', cycle }])
  assert.is(await pair.run('echo', [3]), 3)
  assert.is((await scheduler.stats()).strays, 0)
})

test('so it is through tasks of another lane, and while main is blocked', async () => {
  await using scheduler = await start()
  const { pair } = scheduler.lanes
  const gate = newGate()
  const asked = [1, 2].map(value => pair.submit('askTogether', [gate, 2, 'far', 'askBack', value]))
  const { refused, values } = apart(asked.map(task => task.resultSync({ timeout: 30_000 })))
  assert.is(values.length, 1)
  const cycle = [
    "task 'askTogether' on lane 'pair'",
    "task 'askBack' on lane 'far'",
    "task 'echo' on lane 'pair'",
    FREE_THREAD,
  ]
  assert.equal(refused, [{ code: 'ERR_DEADLOCK', cycle }])
})

test('a lane that can have another thread is not refused anything', async () => {
  await using scheduler = await start({ threads: { min: 2, max: 3 } })
  const gate = newGate()
  const asked = [1, 2].map(value => scheduler.lanes.pair.run('askTogether', [gate, 2, 'pair', 'echo', value]))
  assert.equal(await Promise.all(asked), [1, 2])
})

test('nor is one of whose waits another ends by itself', async () => {
  await using scheduler = await start()
  const { pair } = scheduler.lanes
  const gate = newGate()
  const limited = pair.run('askTogether', [gate, 2, 'pair', 'echo', 1, 1_500])
  const endless = pair.run('askTogether', [gate, 2, 'pair', 'echo', 2])
  assert.equal(await Promise.all([limited, endless]), [{ code: 'ERR_WAIT_TIMEOUT' }, 2])
})

test('a task that has handed something over to a thread cannot leave it: who waits for that is refused', async () => {
  await using scheduler = await start()
  const { pair } = scheduler.lanes
  const gate = newGate()
  const holding = [pair.run('holdThenAsk', [gate, 'ask']), pair.run('holdThenAsk', [gate, 'hold'])]
  await arrived(gate, 2)
  // One for each thread.
  const bytes = [new Uint8Array(8), new Uint8Array(8)]
  const bound = bytes.map(one => pair.submit('sizeOf', [one], { transfer: [one.buffer] }))
  await scheduler.lanes.far.run('keep', [bound])
  openGate(gate)
  const { refused, values } = apart(await Promise.all(holding))
  assert.equal(values, ['held'])
  const cycle = [
    "task 'holdThenAsk' on lane 'pair'",
    "task 'endsOfKept' on lane 'far'",
    "task 'sizeOf' on lane 'pair'",
  ]
  assert.equal(refused, [{ code: 'ERR_DEADLOCK', cycle }])
  assert.equal(await Promise.all(bound.map(task => task.result())), [8, 8])
})

test('a wait that is over, and whose thread has not come to say so, is none', async () => {
  await using scheduler = await start()
  const { pair, far } = scheduler.lanes
  const gates = [newGate(), newGate(), newGate()]
  const held = far.submit('awaitAndHold', [gates[0]!, gates[1]!, 1_000])
  await arrived(gates[0]!)
  // Until it is known that it waits.
  await new Promise(resolve => setTimeout(resolve, 50))
  openGate(gates[0]!)
  await arrived(gates[1]!)
  const asking = [1, 2].map(() => pair.run('askFor', [held]))
  assert.equal(await Promise.all(asking), ['awaited', 'awaited'])
})

test('nor is one that was over when the thread of its task was blocked by another', async () => {
  await using scheduler = await start({ threads: 2, stallAfter: Number.POSITIVE_INFINITY })
  const { pair, far } = scheduler.lanes
  const gates = [newGate(), newGate()]
  const awaiting = far.submit('awaitAt', [gates[0]!])
  await arrived(gates[0]!)
  const blocking = far.run('askAt', [gates[1]!, 1_000])
  await arrived(gates[1]!)
  openGate(gates[0]!)
  // It has ended by then, and whoever awaits it cannot know.
  await new Promise(resolve => setTimeout(resolve, 100))
  const asking = [1, 2].map(() => pair.run('askFor', [awaiting]))
  assert.equal(await Promise.all(asking), ['awaited', 'awaited'])
  assert.is(await blocking, false)
  openGate(gates[1]!)
})

test('a thread that was to go, and was sent a task before that was known, is one of those that block each other', async () => {
  await using scheduler = await start({ threads: { min: 1, max: 2, idleTimeout: 50 }, concurrency: 1 })
  const { pair } = scheduler.lanes
  await Promise.all([1, 2, 3, 4].map(() => pair.run('holdFor', [80])))
  // As long as that main does not hear that one of them is to leave.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  const gate = newGate()
  const asking = [1, 2].map(value => pair.run('askTogether', [gate, 2, 'far', 'askBack', value]))
  const { refused, values } = apart(await Promise.all(asking))
  assert.is(refused.length + values.length, 2)
  for (const { code } of refused) assert.is(code, 'ERR_DEADLOCK')
})

test('one of them is refused even while another thread, on whose word it rests who else waits, holds its loop', async () => {
  await using scheduler = await start()
  const { pair, far, other } = scheduler.lanes
  const [gate, hold] = [newGate(), newGate()]
  const asking = [1, 2].map(value => pair.submit('askTogether', [gate, 3, 'pair', 'echo', value]))
  const awaiting = far.submit('outcomeOf', [asking[0]!])
  const behind = other.submit('askFor', [awaiting])
  await eventually('both are known to wait', () =>
    [awaiting, behind].every(({ id }) => (scheduler.taskInfo(id)?.awaits.length ?? 0) > 0),
  )
  const holding = far.submit('holdThenAsk', [hold, 'hold'])
  await arrived(hold)
  passBy(gate)
  const ends = await Promise.all(asking.map(task => task.result()))
  assert.is(holding.state, 'STARTED', 'it holds its loop still')
  const { refused, values } = apart(ends)
  assert.equal([refused.map(({ code }) => code), values.length], [['ERR_DEADLOCK'], 1])
  openGate(hold)
  assert.equal([await awaiting.result(), await behind.result()], [ends[0], ends[0]])
})

test('a lane that replaces held threads is not refused anything: it has others soon', async () => {
  await using scheduler = await start({ threads: 2, stallAfter: 50, onStall: 'replace' })
  const gate = newGate()
  const asked = [1, 2].map(value => scheduler.lanes.pair.run('askTogether', [gate, 2, 'pair', 'echo', value]))
  assert.equal(await Promise.all(asked), [1, 2])
})

test('a thread that is blocked tells what has become of tasks that ran there: to itself, and to others', async () => {
  await using scheduler = await start({})
  const { pair, far } = scheduler.lanes
  for (const through of [null, 'far'] as const) {
    // It is handed out before it has ended, so that the value does not go along.
    const own = pair.submit('echo', ['own'], { delay: 100 })
    await pair.run('keep', [[own]])
    await own.result()
    assert.is(await pair.run('askForKept', [through]), through === null ? 'own' : 'after')
  }
  for (let times = 0; times < 2; times++) {
    const asked = pair.submit('echo', ['asked'], { delay: 100 })
    await far.run('keep', [[asked]])
    await asked.result()
    assert.equal(
      await pair.run('askOneWhoAsks'),
      ['asked'],
      'by a connection of its own, and by one that is there',
    )
  }
  assert.is((await scheduler.stats()).strays, 0)
})

/** What becomes of many tasks that wait for each other, by the code of their error or 'done'. */
async function nested(order: 'down' | 'any', lane: 'top' | 'pair') {
  const endless = { threads: 2, stallAfter: Number.POSITIVE_INFINITY }
  await using scheduler = await SchedulerThread.start<typeof standing, 'top' | 'pair' | 'far'>({
    tasks,
    lanes: { top: { ...endless, threads: 3 }, pair: endless, far: endless },
  })
  const many = Array.from({ length: 20 }, (_, seed) => scheduler.lanes[lane].run('nest', [2, seed, order]))
  const ends = await Promise.allSettled(many)
  return new Set(ends.map(end => (end.status === 'fulfilled' ? 'done' : end.reason.code)))
}

test('waits that only lead from lane to lane in one direction are never refused', async () => {
  assert.equal(await nested('down', 'top'), new Set(['done']))
})

test('waits that lead to and fro between lanes end, all of them', async () => {
  for (const end of await nested('any', 'pair')) assert.ok(end === 'done' || end === 'ERR_DEADLOCK', end)
})

test.run()
