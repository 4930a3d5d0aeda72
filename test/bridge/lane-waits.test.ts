import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { SenderBell } from '#src/bridge/sender-bell.js'
import type { LaneHome } from '#src/bridge/sender-context.js'
import { DeadlockError } from '#src/core/errors.js'
import { LANE, type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: synchronous waits for tasks of a lane')

const HOME: LaneHome = { lane: LANE, thread: 1, places: QueuePlaces.ownMemory(1) }

/** What happens while its sender sleeps. */
class PlayedBell extends SenderBell {
  readonly #happens: () => void

  constructor(happens: () => void) {
    super()
    this.#happens = happens
  }

  override sleep(): void {
    this.#happens()
    this.ring()
  }
}

interface Terms {
  readonly home?: LaneHome
  readonly threads?: { min: number; max: number }
}

/** A sender whose threads run all they have whenever it sleeps, but for its own. */
function makeRig({ home, threads = { min: 1, max: 1 } }: Terms = {}) {
  const joined: RigThread[] = []
  const bell = (): SenderBell =>
    new PlayedBell(() => {
      for (const thread of joined) {
        if (thread.number === home?.thread) continue
        thread.inlet.poll()
        thread.runAll(1)
      }
    })
  const rig = new SenderRig(1, { threads }, { bell, ...(home === undefined ? {} : { home }) })
  const join = (number?: number): RigThread => {
    const thread = rig.join(number)
    joined.push(thread)
    return thread
  }
  return { rig, join }
}

function block(rig: SenderRig, { task }: Submitted): void {
  rig.lane.waits.block(task, { group: 'FINISHED', timeout: 5_000, isOver: () => task.dead })
}

function refusalOf(call: () => void): DeadlockError {
  try {
    call()
  } catch (error) {
    assert.instance(error, DeadlockError)
    return error as DeadlockError
  }
  throw new Error('it was not refused')
}

test('what leaves at the end of the turn leaves at once, and its answer is taken', () => {
  const { rig, join } = makeRig()
  const thread = join()
  const [one, other] = [rig.submit([1]), rig.submit([2], { notBefore: rig.clock.now() + 1 })]
  block(rig, one)
  assert.equal(one.outcomes, [1])
  rig.clock.advance(5)
  block(rig, other)
  assert.equal(other.outcomes, [2])
  rig.finish(thread)
})

test('the supervisor and each thread are told of the bell once, a thread that joins later too', () => {
  const { rig, join } = makeRig({ threads: { min: 1, max: 2 } })
  const first = join()
  block(rig, rig.submit([1]))
  block(rig, rig.submit([2]))
  const second = join()
  rig.settle()
  assert.is(rig.told.filter(({ type }) => type === 'bell').length, 1)
  rig.finish(first, second)
})

test('a thread that is connected anew is not lost when it is told late that its first connection has closed', () => {
  const { rig, join } = makeRig()
  const first = join()
  block(rig, rig.submit([1]))
  rig.tell({ type: 'thread-leaving', lane: LANE, thread: first.number })
  rig.settle()
  const again = join(first.number)
  first.inlet.closed()
  block(rig, rig.submit([2]))
  rig.settle()
  assert.equal(
    rig.told.filter(({ type }) => type === 'link-lost'),
    [],
  )
  // But this one is.
  again.inlet.closed()
  block(rig, rig.submit([3]))
  rig.settle()
  assert.is(rig.told.filter(({ type }) => type === 'link-lost').length, 1)
  rig.finish(again)
})

test('what is no bell is a stray', () => {
  const { rig, join } = makeRig()
  const thread = join()
  thread.inlet.receive({ type: 'bell', buffer: new SharedArrayBuffer(4), connection: 1 })
  thread.inlet.receive({ type: 'bell', buffer: 5, connection: 1 })
  thread.inlet.receive({ type: 'bell', buffer: new SharedArrayBuffer(1_000) })
  assert.is(thread.inlet.strays, 3)
  assert.is(rig.strays, 0)
})

test('without a bell, a wait is refused', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const submitted = rig.submit([1])
  const { cycle, code, message } = refusalOf(() => block(rig, submitted))
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal(cycle, ['this thread', `task 'quote' of lane '${LANE}'`])
  assert.ok(Object.isFrozen(cycle))
  assert.match(message, /this thread → task 'quote' of lane 'lane' → this thread/)
  rig.finish(thread)
})

test('on a lane thread: a task that only this thread could run is refused', () => {
  const { rig, join } = makeRig({ home: HOME })
  const own = join()
  const submitted = rig.submit([1])
  assert.match(refusalOf(() => block(rig, submitted)).message, /the only thread of lane 'lane'/)
  rig.finish(own)
  assert.equal(submitted.outcomes, [1])
})

test('on a lane thread: what has not started there moves to another, and nothing is sent there meanwhile', () => {
  const { rig, join } = makeRig({ home: HOME, threads: { min: 2, max: 2 } })
  const own = join()
  const tasks = Array.from({ length: 2 }, (_, i) => rig.submit([i]))
  rig.settle()
  assert.is(own.jobs.length > 0, true)
  const other = join()
  const late = rig.submit(['late'])
  for (const submitted of [...tasks, late]) block(rig, submitted)
  assert.equal(
    [...tasks, late].map(({ outcomes }) => outcomes),
    [[0], [1], ['late']],
  )
  // After the wait it is sent to again.
  const rest = Array.from({ length: 20 }, (_, i) => rig.submit([i]))
  rig.settle()
  assert.ok(own.jobs.length > tasks.length)
  rig.finish(own, other)
  assert.ok(rest.every(({ outcomes }) => outcomes.length === 1))
})

test('on a lane thread: what has started there, or was handed over to it, is refused', () => {
  const { rig, join } = makeRig({ home: HOME, threads: { min: 2, max: 2 } })
  const own = join()
  const started = rig.submit([1])
  rig.settle()
  const job = own.start()
  const other = join()
  assert.match(refusalOf(() => block(rig, started)).message, /it is on that thread/)
  own.finish(job, 1)
  rig.finish(own, other)
  assert.equal(started.outcomes, [1])
})

test.run()
