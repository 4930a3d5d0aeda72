import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, INT, TaskTable } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { SCHEDULED, STARTED } from '#src/core/task-state.js'
import { isHeldStill, type Stall, StallWatch } from '#src/lanes/stall-watch.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: the watch for stalls')

const SENDER = 4
const NAMES = ['quote', 'reindex']

class PlayedThread {
  readonly number: number
  readonly block = new ThreadBlock()
  readonly names = NAMES
  slept: number | undefined = 0
  asked = 0

  constructor(number: number) {
    this.number = number
  }

  askForSign(): number {
    return ++this.asked
  }
}

/** A watch on threads that the test holds and releases. */
class Rig {
  readonly clock = new ManualClock()
  readonly table = new TaskTable(() => {})
  readonly stalled: Stall[] = []
  readonly unheard: Stall[] = []
  readonly persisted: Stall[] = []
  readonly watch: StallWatch
  #lastThread = 0
  /** Whether whoever is told says so. */
  hears = true

  constructor() {
    this.watch = new StallWatch(new Map([[SENDER, this.table]]), this.clock, this.clock, {
      stalled: stall => {
        this.stalled.push(stall)
        if (this.hears) this.watch.heard(stall.report)
      },
      persists: stall => this.persisted.push(stall),
      unheard: stall => this.unheard.push(stall),
    })
  }

  thread(stallAfter: number): PlayedThread {
    const thread = new PlayedThread(++this.#lastThread)
    this.watch.watch({ name: 'bulk', stallAfter }, thread)
    return thread
  }

  /** A task has begun on a thread, and has come to its first `await`. */
  begin(thread: PlayedThread, call = 1): number {
    const id = this.hold(thread, call)
    this.table.setInt(id, INT.THREAD, thread.number)
    thread.block.release()
    thread.block.inProgress++
    return id
  }

  /** A task is sent to a thread; returns its id. */
  send({ number }: PlayedThread): number {
    const id = this.table.take()
    this.table.setInt(id, INT.THREAD, number)
    return id
  }

  /** A task begins to hold a thread's loop; returns its id. */
  hold({ block }: { readonly block: ThreadBlock }, call = 1): number {
    const id = this.table.take()
    this.table.setInt(id, INT.CALL, call)
    this.table.setFloat(id, FLOAT.SEQUENCE, 77)
    this.table.setFloat(id, FLOAT.STARTED, this.clock.now())
    this.table.exchange(id, SCHEDULED, STARTED)
    block.hold(SENDER, id)
    return id
  }
}

test('a task that holds its loop is told once, while it does', () => {
  const rig = new Rig()
  const thread = rig.thread(1000)
  rig.hold(thread)
  rig.clock.runFor(999)
  assert.is(rig.stalled.length, 0)
  rig.clock.runFor(20_000)
  assert.is(rig.stalled.length, 1)
  const [stall] = rig.stalled
  const { lane, candidates, thread: number, silent } = stall!
  const { task, name, sender } = candidates[0]!
  assert.equal([lane, task, name, sender, number], ['bulk', 77, 'reindex', SENDER, thread.number])
  assert.ok(silent >= 1000 && silent <= 1500, `${silent} ms`)
  assert.equal(rig.unheard, [])
})

test('one that lets go in time is not, nor are many that follow each other', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  for (let i = 0; i < 50; i++) {
    rig.hold(thread)
    rig.clock.runFor(90)
    thread.block.release()
    if (i % 2 === 0) rig.clock.runFor(30)
  }
  assert.equal(rig.stalled, [])
})

test('the next stall of the same thread is told too', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  const first = rig.hold(thread)
  rig.clock.runFor(300)
  const second = rig.hold(thread, 0)
  rig.clock.runFor(300)
  thread.block.release()
  rig.clock.runFor(100)
  assert.equal(
    rig.stalled.map(({ candidates: [task] }) => [task?.id, task?.name]),
    [
      [first, 'reindex'],
      [second, 'quote'],
    ],
  )
})

test('each lane by its own measure, on one timer', () => {
  const rig = new Rig()
  const [quick, slow, never] = [rig.thread(100), rig.thread(5000), rig.thread(Number.POSITIVE_INFINITY)]
  for (const thread of [quick, slow, never]) rig.hold(thread)
  assert.is(rig.clock.pending, 1)
  rig.clock.runFor(1000)
  assert.equal(
    rig.stalled.map(stall => stall.thread),
    [quick.number],
  )
  rig.clock.runFor(100_000)
  assert.equal(
    rig.stalled.map(stall => stall.thread),
    [quick.number, slow.number],
  )
})

test('it wakes twice in the shortest measure, not too often, and not at all for nobody', () => {
  const rig = new Rig()
  assert.is(rig.clock.pending, 0)
  const never = rig.thread(Number.POSITIVE_INFINITY)
  assert.is(rig.clock.pending, 0)
  const slow = rig.thread(1000)
  assert.is(rig.clock.next, rig.clock.now() + 500)
  const quick = rig.thread(1)
  assert.is(rig.clock.next, rig.clock.now() + 20)
  rig.watch.forget(quick.number)
  assert.is(rig.clock.next, rig.clock.now() + 500)
  for (const { number } of [never, slow]) rig.watch.forget(number)
  assert.is(rig.clock.pending, 0)
})

test('when nobody says that they heard, it is told once more, half a second later at the earliest', () => {
  const rig = new Rig()
  rig.hears = false
  rig.hold(rig.thread(100))
  rig.clock.runFor(599)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 0])
  rig.clock.runFor(150)
  assert.is(rig.unheard.length, 1)
  assert.ok(rig.unheard[0]!.silent >= 600)
  assert.is(rig.unheard[0]?.report, rig.stalled[0]?.report)
  rig.clock.runFor(60_000)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 1])
})

test('with a longer measure, as long again', () => {
  const rig = new Rig()
  rig.hears = false
  rig.hold(rig.thread(4000))
  rig.clock.runFor(7999)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 0])
  rig.clock.runFor(4000)
  assert.is(rig.unheard.length, 1)
})

test('a stall that is over before that is not told once more', () => {
  const rig = new Rig()
  rig.hears = false
  const thread = rig.thread(100)
  rig.hold(thread)
  rig.clock.runFor(400)
  thread.block.release()
  rig.clock.runFor(60_000)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 0])
})

test('a process that was suspended has stalled nothing, and nobody had a chance to hear', () => {
  const rig = new Rig()
  rig.hears = false
  const [passing, held] = [rig.thread(100), rig.thread(100)]
  rig.hold(held)
  rig.clock.runFor(200)
  rig.hold(passing)
  rig.clock.advance(3_600_000)
  rig.clock.fireNext()
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 0])
  passing.block.release()
  rig.clock.runFor(499)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 0])
  rig.clock.runFor(100)
  assert.equal([rig.stalled.length, rig.unheard.length], [1, 1])
})

test('a slot that has gone on to another task is not misread', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  rig.table.free(rig.hold(thread))
  rig.table.take()
  rig.clock.runFor(1000)
  assert.equal(rig.stalled, [])
})

test('a holder that no table knows is not a task', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  thread.block.hold(SENDER + 1, 1)
  rig.clock.runFor(1000)
  thread.block.hold(SENDER, 2 ** 30)
  rig.clock.runFor(1000)
  assert.equal(rig.stalled, [])
})

test('a loop that is silent while tasks are in progress is held by one of them, and all are named', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  const first = rig.begin(thread, 0)
  rig.clock.runFor(10)
  const second = rig.begin(thread, 1)
  rig.begin(rig.thread(100), 1)
  rig.clock.runFor(5000)
  const [stall, ...others] = rig.stalled.filter(stall => stall.thread === thread.number)
  assert.equal(others, [], 'told once')
  assert.is(stall!.holder, 0)
  assert.equal(
    stall!.candidates.map(({ id, name }) => [id, name]),
    [
      [first, 'quote'],
      [second, 'reindex'],
    ],
  )
  assert.ok(stall!.silent >= 100 && stall!.silent <= 150, `${stall!.silent} ms`)
  assert.is(thread.asked, 1)
  assert.ok(rig.persisted.some(({ report }) => report === stall!.report))
})

test('one that sleeps, or starts tasks, or gives the sign it is asked for, is not silent', () => {
  const rig = new Rig()
  const [sleeping, starting, turning] = [rig.thread(100), rig.thread(100), rig.thread(100)]
  for (const thread of [sleeping, starting, turning]) rig.begin(thread)
  for (let i = 0; i < 100; i++) {
    sleeping.slept = i
    rig.begin(starting)
    for (let given = turning.block.signs; given < turning.asked; given++) turning.block.giveSign()
    rig.clock.runFor(50)
  }
  assert.equal(rig.stalled, [])
  assert.equal([sleeping.asked <= 1, starting.asked, turning.asked > 10], [true, 0, true])
})

test('a thread that sleeps is asked for nothing, nor is one without tasks of which that is not known', () => {
  const rig = new Rig()
  const [sleeping, unknown] = [rig.thread(100), rig.thread(100)]
  unknown.slept = undefined
  for (let i = 1; i < 20; i++) {
    sleeping.slept = i
    rig.clock.runFor(50)
  }
  assert.equal([sleeping.asked, unknown.asked], [0, 0])
})

test('what no task does is no stall, until one waits for it', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  rig.table.free(rig.begin(thread))
  thread.block.inProgress = 0
  rig.clock.runFor(1000)
  assert.equal(rig.stalled, [])
  rig.send(rig.thread(100))
  rig.clock.runFor(50)
  assert.equal(rig.stalled, [], 'it waits for another')
  rig.send(thread)
  rig.clock.runFor(50)
  const told = rig.stalled.map(({ thread: number, candidates, holder }) => [number, candidates, holder])
  assert.equal(told, [[thread.number, [], 0]])
})

test('a task whose sender has gone holds the loop as any other does, though nobody knows since when', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  thread.block.hold(SENDER + 1, rig.send(thread))
  rig.clock.runFor(1000)
  assert.is(rig.stalled.length, 1)
  const [stall] = rig.stalled
  assert.ok(isHeldStill(thread.block, stall!))
  thread.block.release()
  assert.not(isHeldStill(thread.block, stall!))
})

test('a silence that is over is forgotten, and the next is told anew', () => {
  const rig = new Rig()
  const thread = rig.thread(100)
  rig.begin(thread)
  rig.clock.runFor(300)
  thread.block.giveSign()
  thread.slept = 1
  rig.clock.runFor(100)
  assert.is(rig.stalled.length, 1)
  rig.clock.runFor(300)
  assert.is(rig.stalled.length, 2)
})

test('that it lasts is told at each look, heard of or not', () => {
  for (const hears of [true, false]) {
    const rig = new Rig()
    rig.hears = hears
    const thread = rig.thread(100)
    rig.hold(thread)
    rig.clock.runFor(125)
    assert.equal([rig.stalled.length, rig.persisted.length], [1, 0])
    rig.clock.runFor(1000)
    assert.is(rig.persisted.length, 20)
    assert.ok(rig.persisted.every(({ report }) => report === rig.stalled[0]!.report))
    thread.block.release()
    rig.clock.runFor(1000)
    assert.is(rig.persisted.length, 20)
  }
})

test.run()
