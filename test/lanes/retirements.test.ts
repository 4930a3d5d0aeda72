import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { IdleThreads } from '#src/lanes/idle-threads.js'
import { Retirements } from '#src/lanes/retirements.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: threads that are not needed')

function retiring(number: number) {
  const thread = { number, left: 0, released: () => void thread.left++ }
  return thread
}

test('a thread leaves when the last sender has released it, once', () => {
  const retirements = new Retirements()
  const thread = retiring(7)
  retirements.begin(thread.number, [0, 3], thread.released)
  retirements.released(7, 3)
  retirements.released(7, 3)
  retirements.released(7, 5)
  retirements.released(8, 0)
  assert.is(thread.left, 0)
  retirements.released(7, 0)
  retirements.released(7, 0)
  assert.is(thread.left, 1)
})

test('without senders it leaves at once, and a sender that is gone holds nothing', () => {
  const retirements = new Retirements()
  const [free, held] = [retiring(1), retiring(2)]
  retirements.begin(free.number, [], free.released)
  retirements.begin(held.number, [0], held.released)
  assert.equal([free.left, held.left], [1, 0])
  retirements.senderGone(0)
  assert.is(held.left, 1)
})

test('one that is lost meanwhile is not told to leave', () => {
  const retirements = new Retirements()
  const thread = retiring(1)
  retirements.begin(thread.number, [0], thread.released)
  retirements.end(1)
  retirements.released(1, 0)
  assert.is(thread.left, 0)
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
