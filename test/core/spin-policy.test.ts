import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpinPolicy } from '#src/core/spin-policy.js'

const test = suite('core: when to spin')

const BUDGET = 0.05

function afterGaps(...gaps: readonly number[]): SpinPolicy {
  const policy = new SpinPolicy(BUDGET)
  for (const gap of gaps) policy.arrived(gap)
  return policy
}

const quick = Array.from({ length: 20 }, () => BUDGET / 10)

test('a budget of 0 never spins', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), gaps => {
      const policy = new SpinPolicy(0)
      for (const gap of gaps) {
        policy.arrived(gap)
        assert.is(policy.budget, 0)
      }
    }),
  )
})

test('it spins for the whole budget or not at all', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true })), gaps => {
      assert.ok([0, BUDGET].includes(afterGaps(...gaps).budget))
    }),
  )
})

test('it tries at first, and goes on as long as gaps are below the budget', () => {
  assert.is(new SpinPolicy(BUDGET).budget, BUDGET)
  assert.is(afterGaps(...quick).budget, BUDGET)
})

test('it stops when gaps are just above the budget, as where spinner and sender share a core', () => {
  assert.is(afterGaps(...quick, ...Array.from({ length: 30 }, () => BUDGET * 1.1)).budget, 0)
})

test('long gaps end it', () => {
  assert.is(afterGaps(...quick, 1000, 1000, 1000).budget, 0)
})

test('one pause does not end it, however long', () => {
  assert.is(afterGaps(...quick, BUDGET * 4).budget, BUDGET)
  assert.is(afterGaps(...quick, 3_600_000).budget, BUDGET)
})

test('a handful of quick arrivals resumes it after any pause', () => {
  assert.is(afterGaps(...Array.from({ length: 100 }, () => 3_600_000), ...quick.slice(0, 6)).budget, BUDGET)
})

test.run()
