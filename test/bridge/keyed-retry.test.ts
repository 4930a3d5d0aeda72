import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { LaneError } from '#src/core/errors.js'
import { CANCELED, DONE, TIMED_OUT } from '#src/core/task-state.js'
import { LANE, type RigThread, SenderRig } from './sender-rig.js'

const test = suite('bridge: an idempotent task with a key, whose thread dies')

/** One is started on a thread that is lost and has not exited; another of its key waits; a second thread is free. */
function setUp(deadline = Number.POSITIVE_INFINITY) {
  const rig = new SenderRig()
  const dying = rig.join()
  const first = rig.submit(['first'], { key: 'k', idempotent: true, deadline })
  rig.settle()
  dying.start()
  const next = rig.submit(['next'], { key: 'k' })
  const other = rig.join()
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it left'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: dying.number, error })
  rig.settle()
  return { rig, dying, other, first, next }
}

function exits(rig: SenderRig, thread: RigThread): void {
  rig.tell({ type: 'thread-exited', lane: LANE, thread: thread.number })
  rig.settle()
}

function there(thread: RigThread): unknown[] {
  return thread.jobs.map(job => job.args[0])
}

test('it is not started again before the thread has exited, and before the next of its key', () => {
  const { rig, dying, other, first, next } = setUp()
  rig.pass(10_000)
  assert.equal([there(other), rig.stateOf(first), rig.lane.waiting], [[], 'SCHEDULED', 2])
  exits(rig, dying)
  assert.equal([there(other), rig.stateOf(first), first.task.attempt], [['first'], 'SCHEDULED', 2])
  other.runAll()
  rig.settle()
  assert.equal([first.task.state, there(other)], [DONE, ['next']])
  rig.finish(other)
  assert.equal([first.outcomes, next.outcomes], [['first'], ['next']])
})

test('without a key it need not wait', () => {
  const rig = new SenderRig()
  const dying = rig.join()
  rig.submit(['first'], { idempotent: true })
  rig.settle()
  dying.start()
  const other = rig.join()
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it left'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: dying.number, error })
  rig.settle()
  assert.equal(there(other), ['first'])
})

test('cancelled while it waits for the exit it is gone at once, and the next of its key still waits', () => {
  const { rig, dying, other, first } = setUp()
  assert.ok(rig.cancel(first))
  rig.settle()
  assert.equal([first.task.state, there(other)], [CANCELED, []])
  exits(rig, dying)
  assert.equal(there(other), ['next'])
  rig.finish(other)
})

test('its deadline ends it while it waits for the exit, and the next of its key still waits', () => {
  const { rig, dying, other, first } = setUp(2_000)
  rig.pass(5_000)
  assert.equal([first.task.state, there(other)], [TIMED_OUT, []])
  exits(rig, dying)
  assert.equal(there(other), ['next'])
  rig.finish(other)
})

test('when the lane fails it fails, and waits for nothing', () => {
  const { rig, dying, first, next } = setUp()
  const error = encodeError(new LaneError('ERR_LANE_FAILED', LANE, 'too often'))
  rig.tell({ type: 'lane-failed', lane: LANE, error })
  rig.settle()
  assert.equal([first.outcomes.length, next.outcomes.length, rig.sender.unfinished], [1, 1, 0])
  exits(rig, dying)
  assert.is(rig.slotsInUse, 0)
})

test.run()
