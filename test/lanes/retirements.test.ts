import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Port } from '#src/bridge/port.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { IdleThreads } from '#src/lanes/idle-threads.js'
import { Retirements } from '#src/lanes/retirements.js'
import { Senders } from '#src/lanes/senders.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: threads that are not needed')

const LANE = 'lane'

/** Senders that know the lane, what each is told of its threads, and with which it is connected anew. */
function newRetirements(...numbers: number[]) {
  const senders = new Senders()
  const told = new Map(numbers.map(number => [number, [] as string[]]))
  for (const number of numbers) {
    const post = ({ type, thread }: { type: string; thread: number }) =>
      void told.get(number)!.push(`${type} ${thread}`)
    senders.add(number, { post, hold: () => {} } as unknown as Port, true)
  }
  const retirements = new Retirements(senders, (thread, sender) =>
    told.get(sender)?.push(`connected with ${thread}`),
  )
  const left: number[] = []
  return {
    retirements,
    left,
    /** What a sender has been told since this was last looked at. */
    told: (number: number) => told.get(number)!.splice(0),
    begin: (thread: number) => retirements.begin(LANE, thread, () => left.push(thread)),
    callOff: (thread: number) => retirements.callOff(LANE, thread),
    says: (sender: number, type: 'released' | 'stayed', thread: number) =>
      retirements.receive(sender, { type, lane: LANE, thread }),
  }
}

test('a thread leaves when the last sender has released it, once', () => {
  const { begin, says, left, told } = newRetirements(0, 3)
  begin(7)
  assert.equal([told(0), told(3)], [['thread-leaving 7'], ['thread-leaving 7']])
  for (const [sender, thread] of [
    [3, 7],
    [3, 7],
    [5, 7],
    [0, 8],
  ] as const)
    says(sender, 'released', thread)
  assert.equal(left, [])
  says(0, 'released', 7)
  says(0, 'released', 7)
  assert.equal(left, [7])
})

test('without senders it leaves at once, and a sender that is gone holds nothing', () => {
  const nobody = newRetirements()
  nobody.begin(1)
  assert.equal(nobody.left, [1])
  const { begin, left, retirements } = newRetirements(0)
  begin(2)
  assert.equal(left, [])
  retirements.senderGone(0)
  assert.equal(left, [2])
})

test('one that is lost meanwhile is not told to leave', () => {
  const { begin, left, says, retirements } = newRetirements(0)
  begin(1)
  retirements.end(1)
  says(0, 'released', 1)
  assert.equal(left, [])
})

test('called off, it stays: who has released it is connected anew, who has not is told', () => {
  const { begin, callOff, says, left, told } = newRetirements(0, 1, 2)
  begin(7)
  says(1, 'released', 7)
  for (const sender of [0, 1, 2]) told(sender)
  callOff(7)
  assert.equal(
    [told(0), told(1), told(2)],
    [['thread-staying 7'], ['connected with 7'], ['thread-staying 7']],
  )
  says(0, 'stayed', 7)
  // Its word was under way.
  says(2, 'released', 7)
  assert.equal([told(0), told(2), left], [[], ['connected with 7'], []])
})

test('it may retire once more before all have answered that it stays', () => {
  const { begin, callOff, says, left, told } = newRetirements(0, 1)
  begin(7)
  callOff(7)
  begin(7)
  for (const sender of [0, 1]) told(sender)
  says(0, 'released', 7)
  says(1, 'stayed', 7)
  assert.equal([told(0), told(1), left], [[], [], []], 'the answers to its staying are no releases')
  says(0, 'released', 7)
  assert.equal(left, [])
  says(1, 'released', 7)
  assert.equal(left, [7])
})

test('who owes several answers is connected by the last', () => {
  const { begin, callOff, says, told } = newRetirements(0, 1)
  for (let round = 0; round < 2; round++) {
    begin(7)
    callOff(7)
  }
  for (const sender of [0, 1]) told(sender)
  says(0, 'released', 7)
  assert.equal(told(0), [])
  says(0, 'released', 7)
  assert.equal(told(0), ['connected with 7'])
  says(1, 'released', 7)
  says(1, 'stayed', 7)
  assert.equal(told(1), [])
})

test('who owes an answer and goes, or whose thread does, owes nothing', () => {
  const { begin, callOff, says, told, left, retirements } = newRetirements(0)
  begin(7)
  callOff(7)
  retirements.end(7)
  told(0)
  says(0, 'released', 7)
  assert.equal(told(0), [])
  begin(8)
  callOff(8)
  retirements.senderGone(0)
  begin(8)
  says(0, 'released', 8)
  assert.equal(left, [8])
})

/** Three threads of a lane that needs one, and those found idle, which are then ready no more. */
function setUp() {
  const clock = new ManualClock()
  const ready = [1, 2, 3].map(number => ({ number, block: new ThreadBlock() }))
  const gone: number[] = []
  const watch = new IdleThreads(
    { min: 1, max: 3, idleTimeout: 100 },
    clock,
    clock,
    () => ready,
    thread => {
      ready.splice(ready.indexOf(thread), 1)
      gone.push(thread.number)
    },
  )
  watch.watch()
  return { clock, ready, gone, watch }
}

test('threads above the minimum go when they have been idle for the timeout, the newest first', () => {
  const { clock, gone } = setUp()
  clock.runFor(100)
  assert.equal(gone, [])
  clock.runFor(50)
  assert.equal(gone, [3, 2])
  assert.is(clock.pending, 0, 'no more looks at the minimum')
})

test('a task keeps its thread: one that holds the loop, one that waits, one between two looks', () => {
  const { clock, ready, gone } = setUp()
  const [holds, waits, starts] = ready.map(({ block }) => block)
  holds!.hold(0, 1)
  waits!.inProgress = 1
  for (let i = 0; i < 50; i++) {
    starts!.hold(0, 2)
    starts!.release()
    clock.runFor(20)
  }
  assert.equal(gone, [])
  holds!.release()
  clock.runFor(150)
  assert.equal(gone, [3, 1], 'also the oldest, if it is the idle one')
})

test('one that stays although it was to go is idle from then on', () => {
  const { clock, ready, gone } = setUp()
  const newest = ready[2]!
  // Two are more than it needs, so that it goes on looking.
  for (const { block } of ready.slice(0, 2)) block.inProgress = 1
  clock.runFor(130)
  assert.equal(gone, [3])
  ready.push(newest)
  clock.runFor(75)
  assert.equal(gone, [3])
  clock.runFor(75)
  assert.equal(gone, [3, 3])
})

test('it begins again when there is one more, and can be stopped', () => {
  const { clock, ready, gone, watch } = setUp()
  clock.runFor(150)
  ready.push({ number: 4, block: new ThreadBlock() })
  watch.watch()
  watch.watch()
  assert.is(clock.pending, 1)
  clock.runFor(150)
  assert.equal(gone, [3, 2, 4])
  ready.push({ number: 5, block: new ThreadBlock() })
  watch.watch()
  watch.stop()
  assert.is(clock.pending, 0)
})

test.run()
