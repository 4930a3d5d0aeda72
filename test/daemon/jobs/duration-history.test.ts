import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DurationHistory, REMEMBERED_RUNS } from '#daemon/jobs/duration-history.js'

const test = suite('duration history')

function historyOf(durations: readonly number[], cost = 1): DurationHistory {
  const history = new DurationHistory()
  for (const duration of durations) history.note({ name: 'job', duration, cost })
  return history
}

test('without a past, a job takes what is expected', () => {
  assert.is(historyOf([]).usual('job', 1, 700), 700)
  assert.is(historyOf([5]).usual('another', 1, 700), 700)
})

test('the usual duration is the median, in any order, and one odd run does not move it', () => {
  assert.is(historyOf([30, 10, 20]).usual('job', 1, 0), 20)
  assert.is(historyOf([40, 10, 30, 20]).usual('job', 1, 0), 25)
  assert.is(historyOf([10, 10, 10, 3_600_000]).usual('job', 1, 0), 10)
})

test('durations are kept for one unit of cost, and those of no cost as they are', () => {
  assert.is(historyOf([10_000], 5).usual('job', 1, 0), 2000)
  assert.is(historyOf([10], 0).usual('job', 0, 0), 10)
})

test('a cost far from all others does not make their estimates wrong, nor do they its own', () => {
  for (const [absurd, duration] of [
    [0, 1],
    [5e-324, 1],
    [1e-310, 1],
    [1e-300, 1],
    [1e-6, 1.5],
    [1e308, 3],
  ] as const) {
    const history = historyOf([duration], absurd)
    assert.is(history.usual('job', 5, 1000), 5000, `${absurd}`)
    assert.is(history.remaining('job', 5, 2000, 1000), 3000, `${absurd}`)
    history.note({ name: 'job', duration: 5500, cost: 5 })
    assert.is(history.usual('job', 10, 1000), 11_000, `${absurd}`)
    assert.is(history.remaining('job', 5, 10_000, 1000), 1000, `${absurd}`)
  }
  const nothingElse = historyOf(new Array(REMEMBERED_RUNS).fill(1), 1e-300)
  assert.is(nothingElse.usual('job', 10, 1000), 10_000)
  assert.is(historyOf([2], 2 ** -1000).usual('job', 2 ** -999, 1000), 4)
  assert.ok(historyOf([1], 1e-310).usual('job', 1e-310, 1000) < 1)
  assert.is(historyOf([1], 1e-310).remaining('job', 1e-310, 20, 1000), 2)
})

test('whatever the cost, durations are numbers, and so are sums of very many', () => {
  for (const cost of [0, 5e-324, 1e-300, 1, 1e300, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
    const history = historyOf([0, 5, 1e12], Math.min(cost, Number.MAX_VALUE))
    for (const asked of [cost, 1e-310, 1, 1e308])
      for (const expected of [1, 1e12]) {
        assert.ok(Number.isFinite(1e12 * history.usual('job', asked, expected)))
        assert.ok(Number.isFinite(1e12 * history.remaining('job', asked, 5, expected)))
      }
  }
})

test('what took less than no time, by two clocks, took none', () => {
  assert.is(historyOf([-0.02]).usual('job', 1, 0), 0)
})

test('only the latest runs count', () => {
  const history = historyOf(new Array(REMEMBERED_RUNS).fill(1000))
  for (let n = 0; n < REMEMBERED_RUNS; n++) {
    history.note({ name: 'job', duration: 10, cost: 1 })
    assert.is(history.usual('job', 1, 0), n < REMEMBERED_RUNS >> 1 ? 1000 : 10)
  }
})

test('what has run for a while is compared with those that took longer', () => {
  const history = historyOf([10, 20, 30, 100])
  assert.is(history.remaining('job', 1, 0, 0), 25)
  assert.is(history.remaining('job', 1, 15, 0), 15)
  assert.is(history.remaining('job', 1, 30, 0), 70)
})

test('what outlasts all of its like is likely to run on for a part of its time', () => {
  assert.is(historyOf([10]).remaining('job', 1, 1000, 0), 100)
  assert.is(historyOf([]).remaining('job', 1, 1000, 700), 100)
  assert.is(historyOf([]).remaining('job', 1, 200, 700), 500)
})

test.run()
