import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KeptOutcomes, MOST_KEPT } from '#src/bridge/kept-outcomes.js'
import type { SentOutcome } from '#src/bridge/lending.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { DONE, STARTED } from '#src/core/task-state.js'

const test = suite('bridge: outcomes kept for other threads')

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

test('whoever fetches is answered in any case, and no more than so many are kept', () => {
  const outcomes = new KeptOutcomes()
  const { port, heard } = asker()
  for (let i = 0; i <= MOST_KEPT; i++) outcomes.ended(name(i), done(i))
  assert.is(outcomes.size, MOST_KEPT)
  for (const sequence of [0, 1, MOST_KEPT]) outcomes.fetch(name(sequence), port)
  assert.equal(heard(), [null, 1, MOST_KEPT])
})

test('nothing is left of a submitter that has ended, nor of a thread that waited', () => {
  const outcomes = new KeptOutcomes()
  const { port } = asker()
  outcomes.ended(name(1, 7), done('gone'))
  outcomes.started(name(2, 7), { ...done(undefined), state: STARTED })
  outcomes.ended(name(1, 77), done('kept'))
  outcomes.wait(name(3, 7), port)
  outcomes.submitterGone(7)
  outcomes.portClosed(port)
  assert.is(outcomes.size, 1)
  outcomes.forget(name(1, 77))
  assert.is(outcomes.size, 0)
})

test.run()
