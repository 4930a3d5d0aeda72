import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeError, type EncodedError, encodeError } from '#src/bridge/error-codec.js'
import type { Job } from '#src/bridge/job.js'
import { ResultNotCloneableError } from '#src/core/errors.js'
import { CANCELED, DONE, FAILED, SCHEDULED, STARTED } from '#src/core/task-state.js'
import { TaskInletRig } from './task-inlet-rig.js'

const test = suite('bridge: answers going out')

function throws(): never {
  throw new TypeError('from an accessor')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Starts so many tasks. */
function started(rig: TaskInletRig, count: number): Job[] {
  const jobs = rig.send(...Array.from({ length: count }, (_, i) => [i]))
  for (const job of jobs) assert.ok(rig.inlet.claim(job, 50))
  return jobs
}

function failureOf(value: unknown): Error {
  return decodeError(value as EncodedError)
}

test('answers leave in one batch, with the time their tasks took together', () => {
  const rig = new TaskInletRig()
  const jobs = started(rig, 3)
  jobs.forEach((job, i) => {
    rig.inlet.answer(job, DONE, `value ${i}`, 51 + i)
  })
  assert.is(rig.inlet.unsent, 3)
  assert.equal(rig.received(), [])
  rig.inlet.flush()
  const [a, b, c] = jobs.map(job => job.id)
  assert.equal(rig.received(), [[6, a, 'value 0', b, 'value 1', c, 'value 2']])
  assert.is(rig.inlet.unsent, 0)
  rig.inlet.flush()
  assert.equal(rig.received(), [], 'nothing is sent when there is nothing to say')
})

test('an outcome is decided when it has been sent, not before', () => {
  const rig = new TaskInletRig()
  const [done, failed] = started(rig, 2)
  rig.inlet.answer(done!, DONE, 1, 51)
  rig.inlet.answer(failed!, FAILED, encodeError(new Error('x')), 51)
  assert.equal([rig.table.state(done!.id), rig.table.state(failed!.id)], [STARTED, STARTED])
  rig.inlet.flush()
  assert.equal([rig.table.state(done!.id), rig.table.state(failed!.id)], [DONE, FAILED])
})

test('a cancel that comes before the answer is sent stands', () => {
  const rig = new TaskInletRig()
  const [job] = started(rig, 1)
  rig.inlet.answer(job!, DONE, 1, 51)
  assert.ok(rig.table.exchange(job!.id, STARTED, CANCELED))
  rig.inlet.flush()
  assert.is(rig.table.state(job!.id), CANCELED)
  assert.is(rig.answers().length, 1, 'it is answered all the same: the slot is free')
})

test('a task that did not run is acknowledged, and stays what it is', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  rig.table.exchange(job!.id, SCHEDULED, CANCELED)
  assert.not(rig.inlet.claim(job!, 50))
  rig.inlet.acknowledge(job!)
  rig.inlet.flush()
  assert.equal(rig.answers(), [[job!.id, undefined]])
  assert.is(rig.table.state(job!.id), CANCELED)
})

test('starts are told if the sender asked for it, and before the answers', () => {
  const rig = new TaskInletRig()
  rig.post([rig.assign(0, { reportStart: true }), rig.assign(0), rig.assign(0, { reportStart: true })])
  const [a, b, c] = rig.jobs.map(job => {
    rig.inlet.claim(job, 50)
    rig.inlet.answer(job, DONE, undefined, 51)
    return job.id
  })
  rig.inlet.flush()
  assert.equal(rig.received(), [
    { type: 'started', ids: [a, c] },
    [3, a, undefined, b, undefined, c, undefined],
  ])
  rig.inlet.flushStarts()
  rig.inlet.reportRoom()
  assert.equal(rig.received(), [{ type: 'room' }])
})

for (const [what, path, value] of [
  ['a function', 'result', () => {}],
  ['a function inside', 'result.on.close', { on: { close: () => {} } }],
  [
    'an accessor that throws',
    'result.row',
    Object.defineProperty({}, 'row', { get: throws, enumerable: true }),
  ],
  ['a revoked proxy, as libraries leave behind', 'result.draft', { draft: revoked() }],
] as const) {
  test(`a result that cannot be cloned fails alone: ${what}`, () => {
    const rig = new TaskInletRig()
    const jobs = started(rig, 10)
    jobs.forEach((job, i) => {
      rig.inlet.answer(job, DONE, i === 4 ? value : i, 51)
    })
    rig.inlet.flush()
    const answers = rig.answers()
    assert.equal(
      answers.map(([id]) => id),
      jobs.map(job => job.id),
    )
    answers.forEach(([id, answer], i) => {
      assert.is(rig.table.state(id), i === 4 ? FAILED : DONE)
      if (i !== 4) assert.is(answer, i)
    })
    const error = failureOf(answers[4]![1])
    assert.instance(error, ResultNotCloneableError)
    assert.is((error as ResultNotCloneableError).path, path)
    assert.instance(error.cause, Error)
  })
}

test('whichever results cannot be cloned, every id is answered once, in order', () => {
  const kinds = fc.constantFrom('good', 'good', 'good', 'bad', 'cancelled', 'failed')
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 80 }), outcomes => {
      const rig = new TaskInletRig()
      const jobs = started(rig, outcomes.length)
      outcomes.forEach((outcome, i) => {
        const job = jobs[i]!
        if (outcome === 'cancelled') rig.table.exchange(job.id, STARTED, CANCELED)
        const value = { good: i, bad: Symbol('x'), cancelled: i, failed: encodeError(new Error(`${i}`)) }[
          outcome
        ]
        rig.inlet.answer(job, outcome === 'failed' ? FAILED : DONE, value, 51)
      })
      rig.inlet.flush()
      const answers = rig.answers()
      assert.equal(
        answers.map(([id]) => id),
        jobs.map(job => job.id),
      )
      const states = { good: DONE, bad: FAILED, cancelled: CANCELED, failed: FAILED }
      outcomes.forEach((outcome, i) => {
        assert.is(rig.table.state(jobs[i]!.id), states[outcome])
        const [, answer] = answers[i]!
        if (outcome === 'good') assert.is(answer, i)
        if (outcome === 'bad') assert.instance(failureOf(answer), ResultNotCloneableError)
        if (outcome === 'failed') assert.is(failureOf(answer).message, `${i}`)
      })
    }),
    { numRuns: 60 },
  )
})

test.run()
