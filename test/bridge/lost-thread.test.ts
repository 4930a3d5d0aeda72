import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import type { Failure } from '#src/bridge/failure.js'
import { instantAt } from '#src/bridge/homes.js'
import { FLOAT } from '#src/bridge/shared-table.js'
import { LaneError, MultilaneError } from '#src/core/errors.js'
import { DONE, FAILED, SCHEDULED, STARTED, SUBMITTED } from '#src/core/task-state.js'
import { LANE, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: a thread that is lost')

const EXPLANATION_MS = 7_000

function errorOf({ outcomes }: Submitted): MultilaneError {
  assert.is(outcomes.length, 1)
  const error = (outcomes[0] as Failure).error()
  assert.instance(error, MultilaneError)
  return error as MultilaneError
}

/** A thread with a started task and one that has been sent and not started. */
function setUp(options: Parameters<SenderRig['submit']>[1] = {}) {
  const rig = new SenderRig()
  const thread = rig.join()
  const started = rig.submit(['started'], options)
  const sent = rig.submit(['sent'], options)
  rig.settle()
  assert.is(thread.jobs.length, 2)
  thread.start()
  return { rig, thread, started, sent }
}

test('when a port closes the supervisor is asked at once; if it says nothing, what was started fails after two seconds', () => {
  const { rig, thread, started, sent } = setUp()
  thread.port.close()
  rig.settle()
  assert.ok(rig.told.some(({ type }) => type === 'link-lost'))
  rig.clock.runFor(EXPLANATION_MS - 1)
  assert.equal([started.outcomes, sent.outcomes], [[], []])
  rig.clock.runFor(1)
  rig.settle()
  const error = errorOf(started)
  assert.instance(error, LaneError)
  assert.equal([error.code, (error as LaneError).lane, started.task.state], ['ERR_LANE_CLOSED', LANE, FAILED])
  assert.equal(sent.outcomes, [])
})

test('what had not started goes to another thread, and is done there', () => {
  const { rig, thread, sent } = setUp()
  const other = rig.join()
  thread.port.close()
  rig.settle()
  rig.clock.runFor(EXPLANATION_MS)
  rig.settle()
  assert.equal(
    other.jobs.map(job => job.args),
    [['sent']],
  )
  other.runAll()
  rig.settle()
  assert.equal([sent.outcomes, sent.task.state], [['sent'], DONE])
})

test('without another thread it waits for one, in its old place', () => {
  const { rig, thread, sent } = setUp()
  const later = ['a', 'b'].map(argument => rig.submit([argument]))
  rig.settle()
  thread.port.close()
  rig.settle()
  rig.clock.runFor(EXPLANATION_MS)
  rig.settle()
  assert.is(sent.task.state, SUBMITTED)
  const next = rig.join()
  const order: unknown[] = []
  for (let i = 0; i < 5; i++) {
    order.push(...next.jobs.map(job => job.args[0]))
    next.runAll()
    rig.settle()
  }
  assert.equal(order, ['sent', 'a', 'b'])
  assert.equal(
    later.flatMap(one => one.outcomes),
    ['a', 'b'],
  )
})

test('if the supervisor says why in time, that is the error, and nothing comes after it', () => {
  const { rig, thread, started } = setUp()
  thread.port.close()
  rig.settle()
  rig.clock.runFor(10)
  const why = new LaneError('ERR_LANE_EXITED', LANE, 'it left', { exitCode: 3 })
  rig.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error: encodeError(why) })
  rig.settle()
  assert.is(errorOf(started).code, 'ERR_LANE_EXITED')
  rig.clock.runFor(EXPLANATION_MS)
  rig.settle()
  assert.is(started.outcomes.length, 1)
})

test('no timer of a port that has closed outlives what is said of it', () => {
  const { rig, thread } = setUp()
  thread.port.close()
  rig.settle()
  assert.is(rig.clock.pending, 1)
  rig.lose(thread)
  assert.is(rig.clock.pending, 0)
})

test('a bounded wait for the end of all tasks leaves no timer behind', async () => {
  const { rig, thread } = setUp()
  const idle = rig.sender.idle(3_600_000)
  assert.is(rig.clock.pending, 1)
  thread.finish(thread.jobs[0]!, 'done')
  thread.runAll()
  rig.settle()
  await idle
  assert.is(rig.clock.pending, 0)
})

test('what it had answered before it was lost still counts', () => {
  const { rig, thread, started, sent } = setUp()
  thread.finish(thread.jobs[0]!, 'in time')
  thread.port.close()
  rig.settle()
  rig.clock.runFor(EXPLANATION_MS)
  rig.settle()
  assert.equal(started.outcomes, ['in time'])
  assert.equal([sent.outcomes, sent.task.state], [[], SUBMITTED])
})

test('one whose answer died with the thread fails, and is known to have started', () => {
  const { rig, thread, started } = setUp()
  assert.ok(rig.sender.sent.table.exchange(started.task.id, STARTED, DONE))
  rig.lose(thread)
  assert.is(errorOf(started).code, 'ERR_LANE_EXITED')
  assert.type(started.task.started, 'number')
})

test('an answer of a thread already lost changes nothing', () => {
  const { rig, thread, started } = setUp()
  const [job] = thread.jobs
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it left'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error })
  rig.settle()
  thread.finish(job!, 'too late')
  rig.settle()
  assert.equal([started.outcomes.length, started.task.state], [1, FAILED])
})

test('its slots are not used again before it has exited for certain', () => {
  const { rig, thread } = setUp()
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it left'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error })
  rig.settle()
  assert.is(rig.slotsInUse, 2)
  rig.tell({ type: 'thread-exited', lane: LANE, thread: thread.number })
  rig.tell({ type: 'thread-exited', lane: LANE, thread: thread.number })
  rig.settle()
  assert.is(rig.slotsInUse, 0)
})

test('a started idempotent task is started again, three times in all', () => {
  const { rig, thread, started } = setUp({ idempotent: true })
  let last = thread
  for (let attempt = 1; attempt <= 3; attempt++) {
    assert.equal([started.task.extras?.attempt, started.outcomes], [attempt, []])
    last.port.close()
    rig.settle()
    rig.clock.runFor(EXPLANATION_MS)
    rig.settle()
    if (attempt === 3) break
    last = rig.join()
    last.start(last.jobs.find(job => job.args[0] === 'started'))
  }
  assert.is(errorOf(started).code, 'ERR_LANE_CLOSED')
})

test('others who have the handle of a task that is started again do not see it as started meanwhile', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const { task } = rig.submit(['started'], { idempotent: true })
  const { home } = rig.sender.exports.lend(task, 7)
  const shown = (): unknown[] => {
    const { table } = rig.sender.sent
    return [table.state(home), instantAt(table, home, FLOAT.STARTED)]
  }
  rig.settle()
  thread.start()
  assert.equal(shown(), [STARTED, rig.clock.now()])
  rig.lose(thread)
  assert.equal(shown(), [SCHEDULED, undefined])
  const next = rig.join()
  rig.clock.advance(5)
  next.start()
  assert.equal(shown(), [STARTED, rig.clock.now()])
})

test('what was handed over and not started is lost, and says so', () => {
  const { rig, thread } = setUp()
  thread.finish(thread.jobs[0]!, 'done')
  thread.runAll()
  rig.settle()
  const buffer = new ArrayBuffer(8)
  const handed = rig.submit([buffer], { transfer: [buffer] })
  rig.settle()
  assert.is(buffer.byteLength, 0)
  thread.port.close()
  rig.settle()
  rig.clock.runFor(EXPLANATION_MS)
  rig.settle()
  assert.is(errorOf(handed).code, 'ERR_TRANSFER_LOST')
})

test('when the lane has failed, what comes back from a lost thread fails with it', () => {
  const { rig, thread, started, sent } = setUp()
  const error = encodeError(new LaneError('ERR_LANE_FAILED', LANE, 'too often'))
  rig.tell({ type: 'lane-failed', lane: LANE, error })
  rig.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error })
  rig.settle()
  assert.equal([errorOf(started).code, errorOf(sent).code], ['ERR_LANE_FAILED', 'ERR_LANE_FAILED'])
  assert.is(rig.sender.unfinished, 0)
})

test.run()
