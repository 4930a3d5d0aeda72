import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryPort } from '#src/bridge/memory-port.js'
import type { WaitTold } from '#src/bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import { Senders } from '#src/lanes/senders.js'
import { WaitWatch } from '#src/lanes/wait-watch.js'

const test = suite('lanes: the watch over waits')

const OWNER = 0
const THREAD = 5

/** A scheduler with the lanes `bulk` and `urgent`, and a thread of the latter that submits too. */
class Rig {
  readonly senders = new Senders()
  readonly watch = new WaitWatch(this.senders, lane => (lane === 'urgent' ? 2 : 0))
  readonly #ends = new Map<number, MemoryPort>()

  constructor() {
    for (const number of [OWNER, THREAD]) {
      const [near, far] = MemoryPort.pair({ posted: () => {} })
      this.senders.add(number, near, number === OWNER)
      this.#ends.set(number, far)
    }
  }

  /** What a sender has been told since it was last asked. */
  told(number: number, type?: SupervisorToSender['type']): SupervisorToSender[] {
    const told: SupervisorToSender[] = []
    const end = this.#ends.get(number)!
    for (let next = end.take(); next !== undefined; next = end.take())
      told.push(next.message as SupervisorToSender)
    return told.filter(message => type === undefined || message.type === type)
  }
}

const task = (sequence: number, lane: string, owner = OWNER) => ({
  owner,
  sequence,
  name: `t${sequence}`,
  lane,
})

function wait(id: number, waiter: ReturnType<typeof task>, awaited: ReturnType<typeof task>[]): WaitTold {
  return { id, kind: 'end', waiter: { ...waiter, priority: 0 }, awaited }
}

test('one that waits for ten thousand is told of once when they begin and once when they end', () => {
  const { watch, told } = bound(new Rig())
  const many = Array.from({ length: 10_000 }, (_, i) => task(i + 10, 'urgent', THREAD))
  watch.begin(THREAD, [wait(1, task(1, 'urgent'), many)])
  const [begun, ...more] = told(OWNER, 'waiting') as { awaited: readonly string[] }[]
  assert.is(begun?.awaited.length, 100)
  assert.is(begun?.awaited[0], "task 't10' on lane 'urgent'")
  assert.is(more.length, 0)
  watch.end(THREAD, [1])
  assert.equal(told(OWNER, 'waiting'), [{ type: 'waiting', sequence: 1, awaited: [] }])
  assert.is(watch.size, 0)
})

test('what is inherited is told within the lane of whoever inherits, and taken back; what changes nothing is not', () => {
  const { watch, told } = bound(new Rig())
  watch.begin(THREAD, [wait(1, task(1, 'urgent'), [task(2, 'bulk'), task(3, 'urgent')])])
  assert.equal(told(OWNER, 'inherit'), [
    { type: 'inherit', tasks: [{ sequence: 2, lane: 'bulk', priority: 2 * 1_000_001 }] },
  ])
  watch.end(THREAD, [1])
  assert.equal(told(OWNER, 'inherit'), [
    { type: 'inherit', tasks: [{ sequence: 2, lane: 'bulk', priority: 0 }] },
  ])
})

test('a wait that closes a cycle is refused whole, and leaves nothing', () => {
  const { watch, told } = bound(new Rig())
  watch.begin(THREAD, [wait(1, task(1, 'urgent'), [task(2, 'bulk')])])
  watch.begin(THREAD, [wait(2, task(2, 'bulk'), [task(3, 'bulk'), task(1, 'urgent')])])
  const cycle = ["task 't2' on lane 'bulk'", "task 't1' on lane 'urgent'"]
  assert.equal(told(THREAD, 'deadlock'), [{ type: 'deadlock', wait: 2, cycle }])
  watch.end(THREAD, [2])
  watch.end(THREAD, [1])
  assert.is(watch.size, 0)
})

test('with a thread go the waits of its tasks', () => {
  const { watch } = bound(new Rig())
  watch.begin(THREAD, [
    wait(1, task(1, 'urgent'), [task(2, 'bulk')]),
    wait(2, task(4, 'urgent'), [task(2, 'bulk')]),
  ])
  watch.threadGone(THREAD)
  assert.is(watch.size, 0)
})

test('ten thousand that are to start after as many are told of once, and nobody is shown what their submitter knows', () => {
  const { watch, told } = bound(new Rig())
  const ties = Array.from({ length: 10_000 }, (_, i) => {
    return { ...wait(i, task(i, 'urgent'), [task(i + 10_000, 'bulk')]), kind: 'after' as const }
  })
  watch.begin(OWNER, ties)
  const all = told(OWNER)
  assert.equal(
    all.map(({ type }) => type),
    ['inherit'],
  )
  assert.is((all[0] as { tasks: readonly unknown[] }).tasks.length, 10_000)
  watch.end(
    OWNER,
    ties.map(({ id }) => id),
  )
  assert.equal([told(OWNER).length, watch.size], [1, 0])
})

test('one that is to start after others has another priority, and they have', () => {
  const { watch, told } = bound(new Rig())
  watch.begin(OWNER, [{ ...wait(1, task(1, 'bulk'), [task(2, 'bulk')]), kind: 'after' }])
  watch.reprioritized({ owner: OWNER, sequence: 1 }, 7)
  watch.reprioritized({ owner: OWNER, sequence: 99 }, 7)
  assert.equal(told(OWNER), [{ type: 'inherit', tasks: [{ sequence: 2, lane: 'bulk', priority: 7 }] }])
  watch.end(OWNER, [1])
  assert.is(watch.size, 0)
})

function bound(rig: Rig): { watch: WaitWatch; told: Rig['told'] } {
  return { watch: rig.watch, told: rig.told.bind(rig) }
}

test.run()
