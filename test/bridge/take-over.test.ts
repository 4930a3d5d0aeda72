import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import type { Failure } from '#src/bridge/failure.js'
import { LaneError } from '#src/core/errors.js'
import { FAILED } from '#src/core/task-state.js'
import { alive, LANE, type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: a fresh thread takes over from a stalled one')

const released = (rig: SenderRig): number => rig.told.filter(({ type }) => type === 'released').length

/** The supervisor has seen a stall: the thread is to go, and a fresh one will come. */
function replaced(rig: SenderRig, { number }: RigThread): void {
  rig.tell({ type: 'thread-leaving', lane: LANE, thread: number })
  rig.settle()
}

/** The thread is ended on account of the task that holds it. */
function ended(rig: SenderRig, { number }: RigThread, blamed: number): void {
  const why = new LaneError('ERR_LANE_TERMINATED', LANE, 'it was held', { holders: ['quote'] })
  rig.tell({ type: 'thread-lost', lane: LANE, thread: number, error: encodeError(why), blamed })
  rig.settle()
  rig.tell({ type: 'thread-exited', lane: LANE, thread: number })
  rig.settle()
}

function errorOf({ outcomes }: Submitted): LaneError {
  assert.is(outcomes.length, 1)
  const error = (outcomes[0] as Failure).error()
  assert.instance(error, LaneError)
  return error as LaneError
}

/** A thread with a wide window, one task that holds it, and hundreds that have been sent and not started. */
function stalledThread(concurrency = 1) {
  const rig = new SenderRig(concurrency)
  const thread = rig.join()
  for (let i = 0; i < 2000; i++) rig.submit([i])
  rig.finish(thread)
  const holder = rig.submit(['holder'])
  const waiting = Array.from({ length: 1000 }, (_, i) => rig.submit([i]))
  rig.settle()
  const job = thread.start()
  assert.ok(thread.jobs.length > 100, `${thread.jobs.length} are on it`)
  return { rig, thread, holder, job, waiting }
}

test('all that has not started runs elsewhere, once each, while the stalled task goes on and keeps its result', () => {
  const { rig, thread, holder, job, waiting } = stalledThread()
  replaced(rig, thread)
  assert.equal(alive(thread), [], 'taken back')
  const fresh = rig.join()
  const ran: unknown[] = []
  for (;;) {
    rig.settle()
    if (fresh.jobs.length === 0) break
    ran.push(...alive(fresh))
    fresh.runAll(0.001)
  }
  assert.equal(ran, [...waiting.keys()], 'in order')
  for (const [i, { outcomes }] of waiting.entries()) assert.equal(outcomes, [i])
  assert.equal([holder.outcomes, rig.stateOf(holder), released(rig)], [[], 'STARTED', 0])
  thread.finish(job, 'kept')
  rig.settle()
  assert.equal([holder.outcomes, released(rig)], [['kept'], 0], 'it has not let go of what was taken back')
  assert.is(thread.runAll() > 0, true)
  rig.settle()
  assert.is(released(rig), 1)
  rig.finish(thread, fresh)
})

test('it is sent nothing more, however idle it comes to look', () => {
  const { rig, thread, job } = stalledThread(8)
  const neighbour = thread.start(thread.jobs[1]!)
  replaced(rig, thread)
  thread.finish(job, 'kept')
  thread.jobs.splice(thread.jobs.indexOf(neighbour), 1)
  thread.runAll()
  rig.settle()
  for (let i = 0; i < 50; i++) rig.submit([i])
  rig.settle()
  rig.pass(50)
  assert.equal([thread.jobs.length, released(rig)], [0, 0])
  const fresh = rig.join()
  thread.jobs.push(neighbour)
  thread.finish(neighbour, 'neighbour')
  rig.finish(fresh)
  assert.is(released(rig), 1)
})

test('other threads of the lane help at once', () => {
  const rig = new SenderRig(1)
  const [stalled, other] = [rig.join(), rig.join()]
  const tasks = Array.from({ length: 6 }, (_, i) => rig.submit([i]))
  rig.settle()
  const job = stalled.start()
  replaced(rig, stalled)
  for (let ran = 1; ran > 0; rig.settle()) ran = other.runAll(0.001)
  const open = tasks.filter(({ outcomes }) => outcomes.length === 0)
  assert.is(open.length, 1, 'only that which holds the stalled one')
  stalled.finish(job, 'kept')
  rig.finish(stalled, other)
})

test('one that hands objects over stays where they are, and runs there when the thread comes free', () => {
  const rig = new SenderRig(2)
  const thread = rig.join()
  const holder = rig.submit(['holder'])
  const buffer = new ArrayBuffer(8)
  const handed = rig.submit([buffer], { transfer: [buffer] })
  rig.settle()
  const job = thread.start()
  assert.is(buffer.byteLength, 0)
  replaced(rig, thread)
  const fresh = rig.join()
  rig.pass(50)
  assert.equal([fresh.jobs.length, thread.jobs.length, rig.stateOf(handed)], [0, 2, 'SCHEDULED'])
  thread.finish(job, 'kept')
  rig.settle()
  assert.is(released(rig), 0)
  const [given] = thread.jobs[0]!.args
  assert.is((given as ArrayBuffer).byteLength, 8)
  rig.finish(thread, fresh)
  assert.equal([holder.outcomes, rig.stateOf(handed), released(rig)], [['kept'], 'DONE', 1])
})

test('a task with a key goes on in its turn', () => {
  const rig = new SenderRig(4)
  const thread = rig.join()
  rig.submit(['holder'])
  const [first, second] = [rig.submit(['first'], { key: 'k' }), rig.submit(['second'], { key: 'k' })]
  rig.settle()
  const job = thread.start()
  replaced(rig, thread)
  const fresh = rig.join()
  rig.settle()
  assert.equal(alive(fresh), ['first'])
  fresh.runAll(0.001)
  rig.settle()
  assert.equal(alive(fresh), ['second'])
  fresh.runAll(0.001)
  thread.finish(job, 'kept')
  rig.finish(thread, fresh)
  assert.equal([first.outcomes, second.outcomes], [['first'], ['second']])
})

test('what is cancelled while it is on its way between the two is gone', () => {
  const { rig, thread, job, waiting } = stalledThread()
  replaced(rig, thread)
  const [one, other] = [waiting[0]!, waiting[999]!]
  assert.equal([rig.cancel(one), rig.cancel(other)], [true, true])
  const fresh = rig.join()
  thread.finish(job, 'kept')
  rig.finish(thread, fresh)
  assert.equal([rig.stateOf(one), rig.stateOf(other)], ['CANCELED', 'CANCELED'])
  for (const { outcomes } of waiting) assert.is(outcomes.length, 1)
})

test('if the stalled thread dies, what it held fails, and what was taken back is not touched', () => {
  const { rig, thread, holder, waiting } = stalledThread()
  replaced(rig, thread)
  const fresh = rig.join()
  rig.settle()
  rig.lose(thread)
  rig.finish(fresh)
  assert.is(errorOf(holder).code, 'ERR_LANE_EXITED')
  for (const [i, { outcomes }] of waiting.entries()) assert.equal(outcomes, [i])
})

test('a lane that grows asks for threads by those that stay', () => {
  const rig = new SenderRig(1, { threads: { min: 1, max: 2 } })
  const thread = rig.join()
  rig.submit(['holder'])
  rig.settle()
  const job = thread.start()
  replaced(rig, thread)
  const fresh = rig.join()
  rig.submit(['long'])
  rig.submit(['waits'])
  rig.settle()
  const long = fresh.start()
  for (let i = 0; i < 100; i++) rig.pass(1)
  assert.ok(rig.told.some(({ type }) => type === 'grow'))
  fresh.finish(long, 'long')
  thread.finish(job, 'kept')
  rig.finish(thread, fresh)
})

test('the task that a thread was ended for is not run again; its neighbours are, if they may be', () => {
  const rig = new SenderRig(4)
  const thread = rig.join()
  for (let i = 0; i < 400; i++) rig.submit([i])
  rig.finish(thread)
  const options = { idempotent: true }
  const blamed = rig.submit(['blamed'], options)
  const neighbour = rig.submit(['neighbour'], options)
  const other = rig.submit(['other'])
  rig.settle()
  const [job] = thread.jobs
  for (const each of [...thread.jobs]) thread.start(each)
  ended(rig, thread, job!.id)
  const fresh = rig.join()
  rig.settle()
  assert.equal(alive(fresh), ['neighbour'])
  rig.finish(fresh)
  assert.equal([blamed.task.state, other.task.state, neighbour.outcomes], [FAILED, FAILED, ['neighbour']])
  for (const one of [blamed, other]) {
    const error = errorOf(one)
    assert.equal([error.code, error.holders], ['ERR_LANE_TERMINATED', ['quote']])
  }
})

test('if it had answered just so, the answer counts', () => {
  const rig = new SenderRig(4)
  const thread = rig.join()
  const blamed = rig.submit(['blamed'])
  rig.settle()
  const job = thread.start()
  thread.finish(job, 'in time')
  ended(rig, thread, job.id)
  assert.equal(blamed.outcomes, ['in time'])
})

test.run()
