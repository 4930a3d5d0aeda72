import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CreditWindow, MAX_WINDOW, MIN_WINDOW } from '#src/core/credit-window.js'

const test = suite('core: the credit window')

function after(mean: number, batches = 20): CreditWindow {
  const window = new CreditWindow()
  for (let i = 0; i < batches; i++) window.measured(1, mean)
  return window
}

const durations = fc.double({ min: 0, max: 1e6, noNaN: true })
const batch = fc.tuple(fc.integer({ min: 1, max: 300 }), durations)

test('the documented examples', () => {
  assert.is(after(0.002).size, 250)
  assert.is(after(0.05).size, 10)
  for (const mean of [1, 10, 3_600_000]) assert.is(after(mean).size, 2)
})

test('it begins at the least there is, with no mean', () => {
  const window = new CreditWindow()
  assert.is(window.size, MIN_WINDOW)
  assert.ok(Number.isNaN(window.mean))
})

test('it is always a whole number within its bounds', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 40 }), batches => {
      const window = new CreditWindow()
      for (const [tasks, elapsed] of batches) {
        window.measured(tasks, elapsed)
        assert.ok(Number.isInteger(window.size), `${window.size}`)
        assert.ok(window.size >= MIN_WINDOW && window.size <= MAX_WINDOW, `${window.size}`)
      }
    }),
  )
})

test('it grows by doubling at most, so that one lucky batch does not open the gate', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 40 }), batches => {
      const window = new CreditWindow()
      for (const [tasks, elapsed] of batches) {
        const before = window.size
        window.measured(tasks, elapsed)
        assert.ok(window.size <= before * 2)
      }
    }),
  )
  const window = new CreditWindow()
  const sizes = Array.from({ length: 8 }, () => {
    window.measured(64, 0)
    return window.size
  })
  assert.equal(sizes, [4, 8, 16, 32, 64, 128, 256, 256])
})

test('it shrinks at once', () => {
  const window = after(0.002)
  window.measured(1, 100)
  assert.is(window.size, MIN_WINDOW)
})

test('the limit is never above the window and the concurrency together, and never below the window', () => {
  const sizes = fc.array(batch, { maxLength: 20 })
  fc.assert(
    fc.property(
      sizes,
      fc.nat(1000),
      fc.integer({ min: 1, max: 1000 }),
      (batches, inProgress, concurrency) => {
        const window = new CreditWindow()
        for (const [tasks, elapsed] of batches) window.measured(tasks, elapsed)
        const limit = window.limit(inProgress, concurrency)
        assert.ok(limit <= window.size + concurrency)
        assert.ok(limit >= window.size)
      },
    ),
  )
})

test('a lane of 64 concurrent waits is filled in a few round trips', () => {
  const window = after(100)
  let inProgress = 0
  let rounds = 0
  while (inProgress < 64) {
    inProgress = Math.min(64, window.limit(inProgress, 64))
    rounds++
  }
  assert.ok(rounds <= 6, `${rounds} round trips`)
})

test.run()
