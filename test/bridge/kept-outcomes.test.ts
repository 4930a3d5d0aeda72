import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KeptOutcomes, MOST_KEPT } from '#src/bridge/kept-outcomes.js'
import type { SentOutcome } from '#src/bridge/lending.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import type { Port } from '#src/bridge/port.js'
import { DONE, STARTED } from '#src/core/task-state.js'

const test = suite('bridge: kept outcomes')

const outcome = (state: number): SentOutcome => ({ state, value: 'v', started: 1, ended: 2 })
const port = () => {
  const posted: unknown[] = []
  return { posted, port: { post: (message: unknown) => posted.push(message) } as unknown as Port }
}

const done = (value: unknown): SentOutcome => ({ state: DONE, value, started: 1, ended: 2 })
const name = (sequence: number, owner = 0) => ({ owner, sequence })

/** A thread that asks, and what it was told. */
function asker() {
  const [near, far] = MemoryPort.pair({ posted: () => {} })
  const heard = (): unknown[] => {
    const values: unknown[] = []
    for (let next = far.take(); next !== undefined; next = far.take()) {
      const { outcome } = next.message as { outcome: SentOutcome | null }
      values.push(outcome === null ? null : outcome.state === STARTED ? 'started' : outcome.value)
    }
    return values
  }
  return { port: near, heard }
}

test('a task whose last handle is given back while it runs leaves nothing', () => {
  const outcomes = new KeptOutcomes()
  outcomes.started({ owner: 1, sequence: 5 }, outcome(STARTED))
  assert.is(outcomes.size, 1)
  // It has no home from now on, so that its end is not seen.
  outcomes.forget({ owner: 1, sequence: 5 })
  assert.is(outcomes.size, 0)
})

test('when a sender has died nothing of its tasks is kept, and when its connection has ended, what has become of them', () => {
  const outcomes = new KeptOutcomes()
  for (const owner of [1, 12, 2]) {
    outcomes.started({ owner, sequence: 5 }, outcome(STARTED))
    outcomes.ended({ owner, sequence: 5 }, outcome(DONE))
    outcomes.started({ owner, sequence: 6 }, outcome(STARTED))
  }
  const own = port()
  outcomes.wait({ owner: 12, sequence: 7 }, own.port)
  outcomes.portClosed(own.port, 1)
  assert.is(outcomes.size, 5)
  outcomes.forgetAll(1)
  assert.is(outcomes.size, 4)
  const other = port()
  outcomes.fetch({ owner: 1, sequence: 5 }, other.port)
  outcomes.fetch({ owner: 12, sequence: 5 }, other.port)
  assert.equal(other.posted, [
    { type: 'outcome', owner: 1, sequence: 5, outcome: null },
    { type: 'outcome', owner: 12, sequence: 5, outcome: outcome(DONE) },
  ])
})

test('no more are kept than so many, the latest ones', () => {
  const outcomes = new KeptOutcomes()
  for (let sequence = 0; sequence < MOST_KEPT + 10; sequence++)
    outcomes.ended({ owner: 1, sequence }, outcome(DONE))
  assert.is(outcomes.size, MOST_KEPT)
})

test('who waits is told of the start and the end; who comes later is told at once', () => {
  const outcomes = new KeptOutcomes()
  const [early, late, last] = [asker(), asker(), asker()]
  outcomes.wait(name(1), early.port)
  outcomes.started(name(1), { ...done(undefined), state: STARTED })
  outcomes.wait(name(1), late.port)
  outcomes.ended(name(1), done('value'))
  outcomes.wait(name(1), last.port)
  assert.equal(
    [early.heard(), late.heard(), last.heard()],
    [['started', 'value'], ['started', 'value'], ['value']],
  )
})

test('a value is kept as it was when the task ended', () => {
  const outcomes = new KeptOutcomes()
  const value = { list: [1] }
  outcomes.ended(name(1), done(value))
  value.list.push(2)
  const { port, heard } = asker()
  outcomes.fetch(name(1), port)
  assert.equal(heard(), [{ list: [1] }])
})

test('a value that can be cloned no more is not told and not kept: who asks learns that its submitter is to be asked', () => {
  const outcomes = new KeptOutcomes()
  const [early, late] = [asker(), asker()]
  outcomes.wait(name(1), early.port)
  outcomes.ended(
    name(1),
    done({
      get accessor() {
        throw new RangeError('read before')
      },
    }),
  )
  outcomes.fetch(name(1), late.port)
  assert.equal([early.heard(), late.heard(), outcomes.size], [[], [null], 0])
})

test.run()
