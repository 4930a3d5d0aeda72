import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ReplacementBudget } from '#src/core/replacement-budget.js'

const test = suite('core: the budget for stalled threads')

test('so many within the time, and then none until the oldest is that long ago', () => {
  const budget = new ReplacementBudget({ max: 2, within: 1000 })
  const taken = [0, 400, 500, 999, 1000, 1200, 1399, 1400].map(at => budget.take(at))
  assert.equal(taken, [true, true, false, false, true, false, false, true])
})

test('being refused costs nothing', () => {
  const budget = new ReplacementBudget({ max: 1, within: 1000 })
  assert.is(budget.take(0), true)
  for (let at = 1; at < 1000; at++) assert.is(budget.take(at), false)
  assert.is(budget.take(1000), true)
})

test('with max 0 there are none', () => {
  assert.is(new ReplacementBudget({ max: 0, within: 0 }).take(5), false)
})

test('within no time at all there is no end of them', () => {
  const budget = new ReplacementBudget({ max: 1, within: 0 })
  assert.equal(
    [1, 1, 2].map(at => budget.take(at)),
    [true, true, true],
  )
})

test.run()
