import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { LaneError } from '#src/core/errors.js'
import { GROW_AFTER_MS } from '#src/core/growth-policy.js'
import { LANE, type RigThread, SenderRig } from './sender-rig.js'

const test = suite('bridge: a lane that grows and shrinks')

const RANGE = { min: 1, max: 3 }

const asked = (rig: SenderRig): number => rig.told.filter(({ type }) => type === 'grow').length
const released = (rig: SenderRig): unknown[] => rig.told.filter(({ type }) => type === 'released')

/** Lets time go by, in steps in which all that happens is delivered. */
function pass(rig: SenderRig, milliseconds: number): void {
  for (let i = 0; i < milliseconds; i++) {
    rig.clock.runFor(1)
    rig.settle()
  }
}

function leave(rig: SenderRig, { number }: RigThread): void {
  rig.tell({ type: 'thread-leaving', lane: LANE, thread: number })
  rig.settle()
}

test('a thousand tiny tasks done in a few milliseconds ask for nothing', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const thread = rig.join()
  pass(rig, 100)
  for (let burst = 0; burst < 20; burst++) {
    for (let i = 0; i < 1000; i++) rig.submit([i])
    rig.settle()
    while (thread.runAll(0.002) > 0) rig.settle()
    assert.is(rig.sender.unfinished, 0)
    pass(rig, 7)
  }
  assert.is(asked(rig), 0)
})

test('tasks that wait ask for a thread, and go on asking', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const thread = rig.join()
  pass(rig, 100)
  for (let i = 0; i < 5; i++) rig.submit([i])
  rig.settle()
  thread.start()
  pass(rig, GROW_AFTER_MS - 1)
  assert.is(asked(rig), 0)
  pass(rig, 1)
  assert.equal(rig.told.at(-1), { type: 'grow', lane: LANE })
  pass(rig, 5 * GROW_AFTER_MS)
  assert.is(asked(rig), 6)
})

test('so does one that is sent, and waits on a thread that does not come to it', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const thread = rig.join()
  for (let i = 0; i < 2; i++) rig.submit([i])
  rig.settle()
  thread.start()
  pass(rig, 2 * GROW_AFTER_MS)
  assert.equal([thread.jobs.length, asked(rig) > 0], [2, true])
})

test('running tasks ask for nothing, nor do delayed ones, before or just after their time', () => {
  const rig = new SenderRig(8, { threads: RANGE })
  const thread = rig.join()
  rig.submit(['runs'])
  rig.submit(['later'], { notBefore: rig.clock.now() + 200 })
  rig.settle()
  thread.start()
  pass(rig, 200)
  assert.is(thread.jobs.length, 2)
  thread.start(thread.jobs[1])
  pass(rig, 200)
  assert.is(asked(rig), 0)
})

test('as many threads as there may be are enough, and a fixed lane asks for nothing', () => {
  for (const [threads, joins] of [
    [RANGE, 3],
    [{ min: 2, max: 2 }, 1],
  ] as const) {
    const rig = new SenderRig(1, { threads })
    for (let i = 0; i < joins; i++) rig.join()
    for (let i = 0; i < 10; i++) rig.submit([i])
    rig.settle()
    pass(rig, 200)
    assert.is(asked(rig), 0)
  }
})

test('when it is done, no timer is left', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const thread = rig.join()
  for (let i = 0; i < 10; i++) rig.submit([i])
  rig.settle()
  pass(rig, 50)
  while (thread.runAll() > 0) rig.settle()
  pass(rig, 50)
  assert.is(rig.clock.pending, 0)
})

test('a thread that is to go gets nothing more, loses what it has not started, and is released when it has answered all', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const [stays, goes] = [rig.join(), rig.join()]
  const tasks = Array.from({ length: 6 }, (_, i) => rig.submit([i]))
  rig.settle()
  assert.equal([stays.jobs.length, goes.jobs.length], [2, 2])
  const running = goes.start()
  leave(rig, goes)
  goes.finish(running, 'first')
  rig.settle()
  // The other was taken back, and its slot is to be acknowledged.
  assert.equal([goes.jobs.length, released(rig)], [1, []])
  goes.runAll()
  rig.settle()
  assert.equal(released(rig), [{ type: 'released', lane: LANE, thread: goes.number }])
  assert.is(goes.jobs.length, 0)
  while (stays.runAll() > 0) rig.settle()
  assert.ok(tasks.every(({ outcomes }) => outcomes.length === 1))
  rig.tell({ type: 'thread-exited', lane: LANE, thread: goes.number })
  rig.settle()
  pass(rig, 100)
  assert.equal([rig.slotsInUse, rig.strays], [0, 0])
  assert.not(rig.told.some(({ type }) => type === 'link-lost'))
})

test('an idle one is released at once, and so is one that the sender does not know', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  rig.join()
  const idle = rig.join()
  leave(rig, idle)
  leave(rig, idle)
  assert.is(released(rig).length, 2)
})

test('a cancelled task holds it until the thread has acknowledged it', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const thread = rig.join()
  const { task } = rig.submit(['cancelled'])
  rig.settle()
  const error = new Error('cancelled')
  rig.sender.lane(LANE).cancel(task, Failure.of(error))
  leave(rig, thread)
  assert.equal(released(rig), [])
  thread.runAll()
  rig.settle()
  assert.is(released(rig).length, 1)
})

test('if it dies before, what had not started there moves, and nothing is released', () => {
  const rig = new SenderRig(1, { threads: RANGE })
  const goes = rig.join()
  const { outcomes } = rig.submit(['moves'])
  rig.settle()
  leave(rig, goes)
  const stays = rig.join()
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it died'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: goes.number, error })
  rig.settle()
  stays.runAll()
  rig.settle()
  assert.equal([outcomes, released(rig)], [['moves'], []])
})

test.run()
