import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '#src/bridge/failure.js'
import { FLAG, INT, LIMIT } from '#src/bridge/shared-table.js'
import { CANCELED, DONE, SCHEDULED, STARTED, SUBMITTED, TIMED_OUT } from '#src/core/task-state.js'
import { whenStarted } from '#src/lanes/task-waits.js'
import { LANE, SenderRig } from './sender-rig.js'

const test = suite('bridge: what a sender sees of its tasks')

test('each place a task is in, and the state it has there', () => {
  const rig = new SenderRig(1)
  const { sight } = rig.sender.lane(LANE)
  const thread = rig.join()
  const places = () => ({
    sent: [...sight.sent()].map(({ sequence, state }) => [sequence, state]),
    unsent: [...sight.unsent()].map(({ sequence, state }) => [sequence, state]),
    counts: [SUBMITTED, SCHEDULED, STARTED].map(state => sight.countUnsent(state)),
  })
  const delayed = rig.submit([0], { notBefore: rig.clock.now() + 1000 })
  for (let i = 1; i <= 3; i++) rig.submit([i])
  assert.equal(places(), {
    sent: [],
    unsent: [
      [2, SUBMITTED],
      [3, SUBMITTED],
      [4, SUBMITTED],
      [1, SCHEDULED],
    ],
    counts: [3, 1, 0],
  })
  rig.settle()
  const job = thread.start()
  const rest = (): number[] => [...places().sent.slice(1), ...places().unsent].map(([sequence]) => sequence!)
  assert.equal(places().sent[0], [2, STARTED])
  assert.equal(rest(), [3, 4, 1])
  rig.clock.advance(5)
  // It has answered, and the answer has not arrived.
  thread.finish(job, 'value')
  const record = [...sight.sent()][0]!
  assert.equal([record.sequence, record.state], [2, DONE])
  assert.is(record.ended! - record.started!, 5)
  rig.settle()
  const left = [...sight.sent(), ...sight.unsent()].map(({ sequence }) => sequence)
  assert.equal(left.sort(), [1, 3, 4])
  rig.sender.lane(LANE).cancel(delayed.task, Failure.of(new Error('no')))
  assert.is(places().counts[1], 0)
})

test('a start that a claim is about to take back is not shown', () => {
  const rig = new SenderRig()
  const { sight } = rig.sender.lane(LANE)
  rig.join()
  const { task } = rig.submit([1])
  rig.settle()
  rig.sender.sent.table.setFloat(task.id, 4, 77)
  assert.is(sight.recordOf(task).state, SCHEDULED)
  assert.is(sight.recordOf(task).started, undefined)
})

test('a task that was timed out while nobody looked has ended when its limit was', () => {
  const rig = new SenderRig()
  const { sight } = rig.sender.lane(LANE)
  rig.join()
  const limit = rig.clock.now() + 30
  const { task } = rig.submit([1], { waitUntil: limit })
  rig.settle()
  const { id } = task
  rig.clock.advance(500)
  rig.sender.sent.table.setInt(id, INT.LIMIT, LIMIT.QUEUE_TIMEOUT)
  rig.sender.sent.table.exchange(id, SCHEDULED, TIMED_OUT)
  assert.is(sight.recordOf(task).ended, limit)
  rig.tell({ type: 'expired', ids: [id] })
  rig.settle()
  assert.is(task.state, TIMED_OUT)
  assert.is(task.ended, limit)
})

test('the task that holds a loop, also when its outcome has been decided', () => {
  const rig = new SenderRig()
  const lane = rig.sender.lane(LANE)
  const thread = rig.join()
  const { task } = rig.submit([1])
  rig.settle()
  const holders = (): (readonly [number, number])[] =>
    [...lane.sight.holders()].map(({ sequence, state }) => [sequence, state])
  assert.equal(holders(), [])
  const job = thread.start()
  thread.block.hold(0, job.id)
  assert.equal(holders(), [[1, STARTED]])
  lane.cancel(task, Failure.of(new Error('no')))
  assert.equal(holders(), [[1, CANCELED]])
  thread.block.hold(7, job.id)
  assert.equal(holders(), [], 'a task of another sender')
  thread.block.release()
  assert.equal(holders(), [])
})

/** What has become of a promise by the end of the turn. */
async function sofar<T>(promise: Promise<T>): Promise<T | 'pending'> {
  await Promise.resolve()
  return Promise.race([promise, Promise.resolve('pending' as const)])
}

test('a start can be asked for before and after a task was sent', async () => {
  for (const isSent of [false, true]) {
    const rig = new SenderRig()
    const { sight } = rig.sender.lane(LANE)
    const thread = rig.join()
    const { task } = rig.submit([1])
    if (isSent) rig.settle()
    const started = whenStarted(task, sight)
    rig.settle()
    assert.is(rig.sender.sent.table.int(task.id, INT.FLAGS) & FLAG.REPORT_START, FLAG.REPORT_START)
    assert.is(await sofar(started), 'pending')
    thread.start()
    thread.inlet.flushStarts()
    rig.settle()
    assert.is(await sofar(started), true)
  }
})

test('a start is seen at once by who asks after it', async () => {
  const rig = new SenderRig()
  const { sight } = rig.sender.lane(LANE)
  const thread = rig.join()
  const { task } = rig.submit([1])
  rig.settle()
  thread.start()
  assert.is(await sofar(whenStarted(task, sight)), true)
})

test('a start that comes between the question and the flag is not missed', async () => {
  const rig = new SenderRig()
  const { sight } = rig.sender.lane(LANE)
  const thread = rig.join()
  const { task } = rig.submit([1])
  rig.settle()
  const { table } = rig.sender.sent
  const orInt = table.orInt.bind(table)
  table.orInt = (...args) => {
    thread.start()
    orInt(...args)
  }
  assert.is(await sofar(whenStarted(task, sight)), true)
})

test('who waits for a start hears of an end without one, beside the task’s own observer', async () => {
  const rig = new SenderRig()
  const lane = rig.sender.lane(LANE)
  const log: string[] = []
  const observer = {
    accepted: () => {},
    started: () => log.push('started'),
    finished: () => log.push('finished'),
  }
  const { task } = rig.submit([1], { observer })
  const started = whenStarted(task, lane.sight)
  lane.cancel(task, Failure.of(new Error('no')))
  assert.is(await sofar(started), false)
  assert.equal(log, ['finished'])

  const thread = rig.join()
  const other = rig.submit([1], { observer })
  const itStarted = whenStarted(other.task, lane.sight)
  rig.settle()
  thread.finish(thread.start(), 'value')
  rig.settle()
  assert.is(await sofar(itStarted), true)
  assert.equal(log, ['finished', 'started', 'finished'])
})

test.run()
