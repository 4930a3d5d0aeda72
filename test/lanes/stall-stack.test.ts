// @time-limit 60s
import { SchedulerThread, type StallEvent } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { newGate, openGate } from '../support/gate.js'
import { untilSeen } from './played-stall.js'
import type * as stalling from './tasks/stalling.js'

const test = suite('lanes: the stack of a held loop')

const tasks = new URL('./tasks/stalling.js', import.meta.url)

async function start() {
  const scheduler = await SchedulerThread.start<typeof stalling, 'a' | 'b'>({
    tasks,
    lanes: {
      a: { stallAfter: 60, workerData: { counts: new Int32Array(2) } },
      b: { stallAfter: 60, workerData: { counts: new Int32Array(2) } },
    },
  })
  const stalls: StallEvent[] = []
  scheduler.on('stall', event => stalls.push(event))
  return { scheduler, stalls, ...scheduler.lanes }
}

const isSeen = ({ stack }: StallEvent): boolean => stack !== undefined
const lines = ({ stack }: StallEvent): string[] => (stack ?? '').split('\n')

test('it tells where JavaScript is, and nothing of ours or of what called the task', async () => {
  const { scheduler, a, stalls } = await start()
  await using _ = scheduler
  const told = await untilSeen(async () => {
    stalls.length = 0
    const gate = newGate()
    const held = a.run('holdAt', [gate])
    await eventually('it is told', () => stalls.length > 0)
    openGate(gate)
    await held
    assert.is(stalls.length, 1)
    return stalls[0]!
  }, isSeen)
  const at = lines(told).filter(line => line.includes('stalling.js'))
  assert.equal(
    at.map(line => /at (\w+) \(/.exec(line)?.[1]),
    ['deepAt', 'holdAt'],
  )
  // What it was calling at that instant may come before.
  assert.match(lines(told).at(-1)!, /at holdAt \(.*stalling\.js:\d+:\d+\)$/)
})

test('also while it waits by Atomics.wait, and of each lane its own', async () => {
  const { scheduler, a, b, stalls } = await start()
  await using _ = scheduler
  const told = await untilSeen(
    async () => {
      stalls.length = 0
      const gate = newGate()
      const both = [a.run('block', [gate]), b.run('holdAt', [gate])]
      await eventually('both are told', () => stalls.length === 2)
      openGate(gate)
      await Promise.all(both)
      return [...stalls]
    },
    both => both.every(isSeen),
  )
  const [ofA, ofB] = ['a', 'b'].map(lane => lines(told.find(stall => stall.lane === lane)!))
  assert.match(ofA!.join('\n'), /at blockAt .*gate\.js/)
  assert.match(ofB!.join('\n'), /at holdAt .*stalling\.js/)
})

test('within native code there is none, and the stall is told all the same', async () => {
  const { scheduler, a, stalls } = await start()
  await using _ = scheduler
  await a.run('holdNatively')
  assert.is(stalls.length, 1)
  assert.equal([stalls[0]!.task?.name, stalls[0]!.stack], ['holdNatively', undefined])
  assert.is(await a.run('echo', [1]), 1)
})

test('a look leaves the task as it was', async () => {
  const { scheduler, a, stalls } = await start()
  await using _ = scheduler
  const told = await untilSeen(async () => {
    stalls.length = 0
    const gate = newGate()
    const looked = a.run('lookedAt', [gate])
    await eventually('it is told', () => stalls.length > 0)
    openGate(gate)
    assert.equal(await looked, { ran: 0, limit: 7 })
    return stalls[0]!
  }, isSeen)
  assert.match(told.stack ?? '', /at lookedAt/)
})

test('of many threads that are held at once, each is told with its own', async () => {
  await using scheduler = await SchedulerThread.start<typeof stalling, 'a'>({
    tasks,
    lanes: {
      a: { stallAfter: 100, threads: 6, concurrency: 1, workerData: { counts: new Int32Array(2) } },
    },
  })
  const stalls: StallEvent[] = []
  scheduler.on('stall', event => stalls.push(event))
  const told = await untilSeen(
    async () => {
      stalls.length = 0
      const gate = newGate()
      const held = Array.from({ length: 6 }, () => scheduler.lanes.a.run('block', [gate]))
      await eventually('all are told', () => stalls.length === 6)
      openGate(gate)
      await Promise.all(held)
      return [...stalls]
    },
    all => all.every(isSeen),
  )
  assert.is(new Set(told.map(({ thread }) => thread)).size, 6)
  for (const { stack } of told) assert.match(stack ?? '', /at block .*plain\.js/)
})

test.run()
