import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RestartBudget } from '#src/core/restart-budget.js'

const test = suite('core: the restart budget')

test('more than max losses within the time give the lane up', () => {
  const budget = new RestartBudget({ max: 3, within: 1000 })
  assert.equal(
    [0, 100, 200, 300].map(at => budget.lost(at, true).type),
    ['restart', 'restart', 'restart', 'give-up'],
  )
})

test('losses longer ago than that do not count', () => {
  const budget = new RestartBudget({ max: 1, within: 1000 })
  assert.equal(budget.lost(0, true), { type: 'restart', after: 0 })
  assert.equal(budget.lost(1000, true), { type: 'restart', after: 0 })
  assert.equal(budget.lost(1999.9, true), { type: 'give-up' })
})

test('a thread that was never ready counts, however long ago it was lost, until one is ready', () => {
  const budget = new RestartBudget({ max: 2, within: 1000 })
  assert.equal(budget.lost(0, false), { type: 'restart', after: 0 })
  assert.equal(budget.lost(5000, false), { type: 'restart', after: 25 })
  budget.ready()
  assert.equal(budget.lost(5500, false), { type: 'restart', after: 25 })
  assert.equal(budget.lost(9000, true), { type: 'restart', after: 25 })
  assert.equal(budget.lost(20_000, false), { type: 'restart', after: 25 })
  assert.equal(budget.lost(40_000, true), { type: 'give-up' })
})

test('with max 0 the first loss is one too many', () => {
  assert.equal(new RestartBudget({ max: 0, within: 1000 }).lost(5, true), { type: 'give-up' })
})

test('the first replacement is immediate, then the wait doubles, up to less than a second', () => {
  const budget = new RestartBudget({ max: 100, within: 10_000 })
  const waits = Array.from({ length: 9 }, (_, i) => {
    const decision = budget.lost(i, i % 2 === 0)
    return decision.type === 'restart' ? decision.after : undefined
  })
  assert.equal(waits, [0, 25, 50, 100, 200, 400, 800, 800, 800])
})

test('whatever the losses, it gives up exactly when there were more than max within the time', () => {
  const limits = fc.record({ max: fc.integer({ min: 0, max: 6 }), within: fc.integer({ min: 1, max: 100 }) })
  fc.assert(
    fc.property(limits, fc.array(fc.nat(60), { maxLength: 40 }), (limit, gaps) => {
      const budget = new RestartBudget(limit)
      const losses: number[] = []
      let now = 0
      for (const gap of gaps) {
        now += gap
        losses.push(now)
        const recent = losses.filter(at => now - at < limit.within).length
        assert.is(budget.lost(now, true).type, recent > limit.max ? 'give-up' : 'restart')
      }
    }),
  )
})

test.run()
