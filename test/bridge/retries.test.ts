import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import type { Failure } from '#src/bridge/failure.js'
import { INT } from '#src/bridge/shared-table.js'
import { LaneError, ResultNotCloneableError } from '#src/core/errors.js'
import type { TaskObserver } from '#src/core/task.js'
import { FAILED, TASK_STATES } from '#src/core/task-state.js'
import { LANE, type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: tasks that are run again')

const RETRIES = { limit: 3, delay: 100, maxDelay: 250 }

function errorOf({ outcomes }: Submitted): { code?: unknown; message: string } {
  assert.is(outcomes.length, 1)
  return (outcomes[0] as Failure).error() as { code?: unknown; message: string }
}

/** Has the next attempt fail; returns which one it was. */
function failNext(rig: SenderRig, thread: RigThread, error: unknown = new RangeError('planted')): number {
  const job = thread.start()
  const attempt = thread.inlet.table.int(job.id, INT.ATTEMPT)
  thread.finish(job, encodeError(error as Error), FAILED)
  rig.settle()
  return attempt
}

function logged(rig: SenderRig): { readonly log: string[]; readonly observer: TaskObserver } {
  const log: string[] = []
  const observer = {
    accepted: () => {},
    started: () => log.push('start'),
    finished: () => log.push(`final at ${rig.clock.now()}`),
  }
  return { log, observer }
}

test('it is run again after pauses that double up to maxDelay, and fails with its last error', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const { log, observer } = logged(rig)
  const one = rig.submit(['x'], { retries: RETRIES, observer, reportStart: true })
  rig.settle()
  const pauses = [100, 200, 250]
  for (let attempt = 1; attempt <= 3; attempt++) {
    assert.is(failNext(rig, thread, new RangeError(`failure ${attempt}`)), attempt)
    assert.equal([rig.stateOf(one), one.outcomes, rig.slotsInUse], ['SCHEDULED', [], 0])
    rig.pass(pauses[attempt - 1]! - 1)
    assert.equal([thread.jobs.length, rig.stateOf(one)], [0, 'SCHEDULED'])
    rig.pass(1)
    assert.is(thread.jobs.length, 1)
  }
  assert.is(failNext(rig, thread, new RangeError('the last')), 4)
  assert.match(errorOf(one).message, 'the last')
  assert.equal(log, ['start', 'final at 1550'])
  rig.pass(10_000)
  assert.is(rig.clock.pending, 0, 'no timer is left')
  rig.finish(thread)
})

test('an attempt that works ends it; the timestamp of its start is that of the last attempt', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit(['x'], { retries: { limit: 2, delay: 0, maxDelay: 0 } })
  rig.settle()
  failNext(rig, thread)
  assert.is(rig.lane.sight.recordOf(one.task).started, undefined)
  rig.pass(0)
  rig.clock.advance(7)
  thread.start()
  assert.is(rig.lane.sight.recordOf(one.task).started, 1007)
  thread.finish(thread.jobs[0]!, 'works')
  rig.settle()
  assert.equal([one.outcomes, rig.stateOf(one)], [['works'], 'DONE'])
  rig.finish(thread)
})

test('a deadline that would pass during the pause: it fails at once, with its own error', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit(['x'], { retries: RETRIES, deadline: 1100 })
  const other = rig.submit(['y'], { retries: RETRIES, deadline: 1101 })
  rig.settle()
  failNext(rig, thread)
  assert.match(errorOf(one).message, 'planted')
  failNext(rig, thread)
  assert.is(rig.stateOf(other), 'SCHEDULED')
  rig.pass(100)
  rig.clock.advance(1)
  thread.runAll()
  rig.settle()
  assert.is(errorOf(other).code, 'ERR_TASK_TIMEOUT')
  rig.finish(thread)
})

test('a queueTimeout is over with the first start, and does not count in the pause', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit(['x'], { retries: RETRIES, waitUntil: 1050 })
  rig.settle()
  failNext(rig, thread)
  rig.pass(100)
  thread.runAll()
  rig.settle()
  assert.equal(one.outcomes, ['x'])
})

test('until the retry is decided on it is STARTED: no final state is shown and left again', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit(['x'], { retries: { limit: 1, delay: 100, maxDelay: 100 } })
  rig.settle()
  thread.finish(thread.start(), encodeError(new RangeError('planted')), FAILED)
  assert.is(TASK_STATES[rig.sender.sent.table.state(one.task.id)], 'FAILED', 'the attempt has')
  assert.is(rig.stateOf(one), 'STARTED')
  rig.settle()
  assert.is(rig.stateOf(one), 'SCHEDULED')
  rig.pass(100)
  thread.finish(thread.start(), encodeError(new RangeError('planted')), FAILED)
  assert.is(rig.stateOf(one), 'FAILED', 'the last one is the end')
  assert.is(rig.cancel(one), false)
  rig.finish(thread)
  assert.match(errorOf(one).message, 'planted')
})

test('cancel when the attempt has failed and its answer is on the way', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const { log, observer } = logged(rig)
  const one = rig.submit(['x'], { retries: RETRIES, observer, key: 'k' })
  rig.settle()
  thread.finish(thread.start(), encodeError(new RangeError('planted')), FAILED)
  assert.equal([rig.cancel(one), rig.cancel(one)], [true, false])
  assert.is(rig.stateOf(one), 'CANCELED')
  const next = rig.submit(['next'], { key: 'k' })
  rig.finish(thread)
  rig.pass(10_000)
  assert.is(errorOf(one).code, 'ERR_TASK_CANCELED')
  assert.equal([log, next.outcomes], [['start', 'final at 1000'], ['next']])
})

test('cancel, time-out and setPriority during the pause', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const cancelled = rig.submit(['cancelled'], { retries: RETRIES })
  rig.settle()
  failNext(rig, thread)
  assert.equal([rig.cancel(cancelled), rig.cancel(cancelled)], [true, false])
  assert.is(rig.clock.pending, 0, 'no timer is left')
  const raised = rig.submit(['raised'], { retries: RETRIES })
  rig.settle()
  failNext(rig, thread)
  assert.is(rig.lane.setPriority(raised.task, 5), true)
  rig.submit(['holder'])
  rig.settle()
  const job = thread.start()
  rig.submit(['other'], { priority: 4 })
  rig.pass(100)
  assert.is(rig.stateOf(raised), 'SCHEDULED', 'it has overtaken the other')
  thread.finish(job, 1)
  rig.finish(thread)
  assert.equal(raised.outcomes, ['raised'])
  assert.is(errorOf(cancelled).code, 'ERR_TASK_CANCELED')
})

test('a result that cannot be cloned would be none again: it is not run again', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit(['x'], { retries: RETRIES })
  rig.settle()
  failNext(rig, thread, new ResultNotCloneableError('result', {}))
  assert.is(errorOf(one).code, 'ERR_RESULT_NOT_CLONEABLE')
  const other = rig.submit(['y'], { retries: RETRIES })
  rig.settle()
  thread.finish(thread.start(), () => 1)
  rig.finish(thread)
  assert.is(errorOf(other).code, 'ERR_RESULT_NOT_CLONEABLE')
})

test('its key is its own until its last attempt has ended, pauses included', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const first = rig.submit(['first'], { retries: { limit: 1, delay: 100, maxDelay: 100 }, key: 'k' })
  rig.settle()
  const second = rig.submit(['second'], { key: 'k', priority: 9 })
  rig.settle()
  failNext(rig, thread)
  rig.pass(99)
  assert.equal([thread.jobs.length, rig.stateOf(second)], [0, 'SUBMITTED'])
  rig.pass(1)
  assert.equal(
    thread.jobs.map(job => job.args),
    [['first']],
  )
  failNext(rig, thread)
  assert.equal(
    thread.jobs.map(job => job.args),
    [['second']],
  )
  assert.match(errorOf(first).message, 'planted')
  rig.finish(thread)
})

test('deaths and failures of an idempotent task are counted apart', () => {
  const rig = new SenderRig()
  const retries = { limit: 2, delay: 0, maxDelay: 0 }
  const one = rig.submit(['x'], { idempotent: true, retries, key: 'k' })
  const attempts: number[] = []
  for (const fate of ['fails', 'dies', 'dies', 'fails']) {
    const thread = rig.join()
    if (fate === 'fails') {
      attempts.push(failNext(rig, thread))
      rig.lose(thread)
      rig.pass(0)
      continue
    }
    attempts.push(thread.inlet.table.int(thread.start().id, INT.ATTEMPT))
    rig.lose(thread)
  }
  assert.equal([attempts, one.outcomes], [[1, 2, 3, 4], []])
  const last = rig.join()
  assert.is(failNext(rig, last), 5)
  assert.match(errorOf(one).message, 'planted')
  rig.finish(last)
})

test('what was handed over died with its thread: an idempotent task is not run again without it', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const buffer = new ArrayBuffer(8)
  const one = rig.submit([buffer], { transfer: [buffer], idempotent: true })
  rig.settle()
  thread.start()
  rig.lose(thread)
  rig.finish(rig.join())
  assert.is(errorOf(one).code, 'ERR_LANE_EXITED')
})

test('when the lane has failed nothing is run again, and nothing waits for ever', () => {
  const rig = new SenderRig(2)
  const thread = rig.join()
  const idempotent = rig.submit(['idempotent'], { idempotent: true })
  const failing = rig.submit(['failing'], { retries: RETRIES })
  rig.settle()
  const [, job] = [thread.start(), thread.start(thread.jobs[1])]
  const error = encodeError(new LaneError('ERR_LANE_FAILED', LANE, 'too often'))
  // Its answer is on the way when the lane fails.
  thread.finish(job, encodeError(new RangeError('planted')), FAILED)
  rig.tell({ type: 'lane-failed', lane: LANE, error })
  rig.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error })
  rig.settle()
  rig.pass(10_000)
  assert.equal([rig.stateOf(idempotent), rig.stateOf(failing)], ['FAILED', 'FAILED'])
  assert.is(rig.sender.unfinished, 0)
})

test('in a queue that drops its oldest, one that is to be run again can be the oldest', () => {
  const rig = new SenderRig(1, { overload: 'drop-oldest', queueLimit: 1 })
  const thread = rig.join()
  const again = rig.submit(['again'], { retries: RETRIES })
  rig.settle()
  const job = thread.start()
  const others = [rig.submit(['first']), rig.submit(['second'])] as const
  assert.is(errorOf(others[0]).code, 'ERR_DROPPED')
  assert.is(rig.cancel(others[1]), true)
  thread.finish(job, encodeError(new RangeError('planted')), FAILED)
  rig.settle()
  assert.is(rig.stateOf(again), 'SCHEDULED')
  const next = rig.submit(['next'])
  assert.is(errorOf(again).code, 'ERR_DROPPED')
  rig.finish(thread)
  assert.equal(next.outcomes, ['next'])
})

test.run()
