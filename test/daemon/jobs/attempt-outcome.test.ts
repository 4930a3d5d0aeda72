import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AttemptEnd, interruptedTooOften, settleAttempt } from '#daemon/jobs/attempt-outcome.js'
import { plainDefinition } from './plain-job.js'

const test = suite('attempt outcome')

const NOW = 5000
const ERROR = { name: 'Error', message: 'it broke' }
const DEFINITION = plainDefinition({
  retries: { limit: 3, delay: 100, factor: 3, maxDelay: 500 },
  interruptions: 2,
})

interface Case {
  readonly attempt: number
  readonly interruptions: number
  readonly random: number
}

function settled(end: AttemptEnd, { attempt = 1, interruptions = 0, random = 0 }: Partial<Case> = {}) {
  return settleAttempt({ interruptions }, attempt, end, DEFINITION, NOW, random)
}

const failed = { kind: 'failed', error: ERROR, log: 'words' } as const
const interrupted = { kind: 'interrupted', error: ERROR, log: '' } as const

test('success keeps the result and the log', () => {
  const end = { kind: 'succeeded', result: '42', log: 'words' } as const
  assert.equal(settled(end, { attempt: 3 }), { ...end, attempt: 3, finishedAt: NOW })
})

test('a cancelled job is not tried again, whatever retries it has', () => {
  const end = { kind: 'cancelled', error: ERROR, log: '' } as const
  assert.equal(settled(end), { ...end, attempt: 1, finishedAt: NOW })
})

test('a failed or timed-out job waits longer before each retry, up to the limit', () => {
  for (const kind of ['failed', 'timed_out'] as const) {
    const due = [1, 2, 3].map(attempt => {
      const settlement = settled({ ...failed, kind }, { attempt })
      assert.is(settlement.kind, 'again')
      return settlement.kind === 'again' ? settlement.dueAt - NOW : null
    })
    assert.equal(due, [100, 300, 500])
    assert.equal(settled({ ...failed, kind }, { attempt: 4 }), {
      ...failed,
      kind,
      attempt: 4,
      finishedAt: NOW,
    })
  }
})

test('a retry carries the error and the log of what failed, and is no interruption', () => {
  assert.equal(settled(failed), {
    kind: 'again',
    attempt: 1,
    dueAt: NOW + 100,
    error: ERROR,
    interrupted: false,
    log: 'words',
  })
})

test('interruptions do not use up retries', () => {
  const afterTwo = settled(failed, { attempt: 3, interruptions: 2 })
  assert.is(afterTwo.kind === 'again' && afterTwo.dueAt, NOW + 100)
  assert.is(settled(failed, { attempt: 5, interruptions: 2 }).kind, 'again')
  assert.is(settled(failed, { attempt: 6, interruptions: 2 }).kind, 'failed')
})

test('a job whose start was not recorded before a crash is still retried', () => {
  assert.is(settled(failed, { attempt: 1, interruptions: 2 }).kind, 'again')
})

test('an interrupted job waits, by chance longer, and doubly so the second time', () => {
  const waits = [
    { interruptions: 0, random: 0 },
    { interruptions: 0, random: 0.5 },
    { interruptions: 1, random: 0 },
    { interruptions: 1, random: 0.5 },
  ].map(which => {
    const settlement = settled(interrupted, { attempt: which.interruptions + 1, ...which })
    assert.is(settlement.kind === 'again' && settlement.interrupted, true)
    return settlement.kind === 'again' ? settlement.dueAt - NOW : null
  })
  assert.equal(waits, [1000, 1500, 2000, 3000])
})

test('a job that is interrupted beyond its limit fails, and says how often and by what', () => {
  const settlement = settled(interrupted, { attempt: 3, interruptions: 2 })
  assert.is(settlement.kind, 'failed')
  assert.equal(settlement.kind === 'failed' && settlement.error, {
    name: 'JobInterruptedError',
    code: 'ERR_JOB_INTERRUPTED',
    message: 'cut off in 3 attempts, and not started again: it broke',
  })
  assert.is(interruptedTooOften(1, null).message, 'cut off in 1 attempts, and not started again')
})

test.run()
