import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { FLOAT, INT } from '#src/bridge/shared-table.js'
import { TaskCanceledError } from '#src/core/errors.js'
import { CANCELED, DONE, FAILED } from '#src/core/task-state.js'
import { LANE, type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: answers coming in')

/** A thread on which one task has been started. */
function setUp() {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit([1])
  rig.settle()
  const job = thread.start()
  return { rig, thread, one, job }
}

/** Posts a message from a thread, and asserts that it is counted so often and settles nothing. */
function assertDropped(rig: SenderRig, thread: RigThread, message: unknown, count = 1): void {
  const before = { strays: rig.strays, unfinished: rig.sender.unfinished, slots: rig.slotsInUse }
  thread.port.post(message)
  rig.settle()
  const after = { strays: rig.strays, unfinished: rig.sender.unfinished, slots: rig.slotsInUse }
  assert.equal(after, { ...before, strays: before.strays + count }, JSON.stringify(message))
}

/** Asserts that the thread still serves: that one more task is sent, run and settled. */
function assertStillServes(rig: SenderRig, thread: RigThread): void {
  const { strays } = rig
  const more = rig.submit(['more'])
  for (let i = 0; i < 5 && !more.task.dead; i++) {
    rig.settle()
    thread.runAll(0.01)
  }
  rig.settle()
  assert.equal(more.outcomes, ['more'])
  assert.is(rig.strays, strays)
}

test('an answer settles its task once, and frees its slot', () => {
  const { rig, thread, one, job } = setUp()
  thread.finish(job, 'value')
  rig.settle()
  assert.equal(one.outcomes, ['value'])
  assert.equal([one.task.state, rig.slotsInUse, rig.sender.unfinished, rig.strays], [DONE, 0, 0, 0])
})

test('a failure settles its task with the error', () => {
  const { rig, thread, one, job } = setUp()
  thread.finish(job, encodeError(new RangeError('x')), FAILED)
  rig.settle()
  assert.is(one.task.state, FAILED)
  assert.instance((one.outcomes[0] as Failure).error(), RangeError)
})

const MALFORMED: readonly (readonly [string, unknown, number?])[] = [
  ['a number', 5],
  ['null', null],
  ['nothing', undefined],
  ['words', 'words'],
  ['an empty object', {}],
  ['a map', new Map()],
  ['an unknown type', { type: 'other' }],
  ['a type that is none', { type: 5 }],
  ['starts without ids', { type: 'started' }],
  ['starts whose ids are none', { type: 'started', ids: 5 }],
  ['an id of another type', [0, '5', 1]],
  ['an id that is null', [0, null, 1]],
  ['an id of a slot never used', [0, 2 ** 17 + 100, 1]],
  ['an id beyond the table', [0, 2 ** 17 - 1, 1]],
  ['fractions and negative ids', [0, 1.5, 1, -1, 1, Number.NaN, 1], 3],
]

for (const [what, message, count] of MALFORMED) {
  test(`what makes no sense is dropped and counted: ${what}`, () => {
    const { rig, thread, job, one } = setUp()
    assertDropped(rig, thread, message, count)
    thread.finish(job, 'value')
    rig.settle()
    assert.equal(one.outcomes, ['value'])
    assertStillServes(rig, thread)
  })
}

test('batches and starts of nothing change nothing', () => {
  const { rig, thread, one, job } = setUp()
  for (const message of [
    [],
    [0],
    [0, job.id],
    { type: 'started', ids: ['x', -1, 5, null] },
    { type: 'room' },
  ]) {
    thread.port.post(message)
    rig.settle()
  }
  assert.equal([one.outcomes, rig.slotsInUse], [[], 1])
  thread.finish(job, 'value')
  rig.settle()
  assert.equal(one.outcomes, ['value'])
  assertStillServes(rig, thread)
})

test('an answer that comes twice counts once', () => {
  const { rig, thread, one, job } = setUp()
  thread.finish(job, 'value')
  rig.settle()
  assertDropped(rig, thread, [0, job.id, 'again'])
  assert.equal(one.outcomes, ['value'])
})

test('an answer that comes twice in one batch counts once', () => {
  const { rig, thread, one, job } = setUp()
  rig.sender.sent.table.setInt(job.id, INT.VERDICT, DONE)
  thread.jobs.length = 0
  thread.port.post([0.1, job.id, 'value', job.id, 'again'])
  rig.settle()
  assert.equal([one.outcomes, rig.strays, rig.slotsInUse], [['value'], 1, 0])
  assertStillServes(rig, thread)
})

test('a late answer does not settle the task that has the slot now', () => {
  const { rig, thread, job } = setUp()
  thread.finish(job, 'value')
  rig.settle()
  const next = rig.submit([2])
  rig.settle()
  const started = thread.start()
  assert.is.not(started.id, job.id)
  rig.sender.sent.table.setInt(started.id, INT.VERDICT, DONE)
  assertDropped(rig, thread, [0, job.id, 'late'])
  thread.finish(started, 'right')
  rig.settle()
  assert.equal(next.outcomes, ['right'])
})

test('an answer before the start, and one without a verdict, are dropped', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const one = rig.submit([1])
  rig.settle()
  const [job] = thread.jobs
  assertDropped(rig, thread, [0, job!.id, 'too early'])
  thread.start(job)
  assertDropped(rig, thread, [0, job!.id, 'undecided'])
  thread.finish(job!, 'value')
  rig.settle()
  assert.equal(one.outcomes, ['value'])
})

test('a thread answers for itself alone', () => {
  const { rig, one, thread, job } = setUp()
  const other = rig.join()
  rig.sender.sent.table.setInt(job.id, INT.VERDICT, DONE)
  assertDropped(rig, other, [0, job.id, 'not yours'])
  thread.finish(job, 'value')
  rig.settle()
  assert.equal(one.outcomes, ['value'])
})

test('the answer to a cancelled task only frees its slot', () => {
  const { rig, thread, one, job } = setUp()
  const error = new TaskCanceledError('quote')
  assert.ok(rig.sender.lane(LANE).cancel(one.task, Failure.of(error)))
  assert.equal([one.task.state, rig.slotsInUse], [CANCELED, 1])
  thread.finish(job, 'value')
  rig.settle()
  assert.equal([one.outcomes.length, rig.slotsInUse, rig.strays], [1, 0, 0])
  assertDropped(rig, thread, [0, job.id, 'again'])
})

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, '5', null, undefined, {}]

test('whatever a batch says of the time it took, the thread goes on being used', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...odd, 0, 0.1, 1e9), { minLength: 1, maxLength: 6 }), times => {
      const rig = new SenderRig()
      const thread = rig.join()
      for (const elapsed of times) {
        const one: Submitted = rig.submit([1])
        rig.settle()
        const job = thread.start()
        thread.jobs.length = 0
        rig.sender.sent.table.setInt(job.id, INT.VERDICT, DONE)
        rig.sender.sent.table.setFloat(job.id, FLOAT.ENDED, rig.clock.now())
        thread.port.post([elapsed, job.id, 'value'])
        rig.settle()
        assert.equal(one.outcomes, ['value'])
      }
      assertStillServes(rig, thread)
    }),
    { examples: [[[Number.POSITIVE_INFINITY, 0.1]]] },
  )
})

test.run()
