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
  assert.is(historyOf([]).usual('job', 700), 700)
  assert.is(historyOf([5]).usual('another', 700), 700)
})

test('the usual duration is the median, in any order, and one odd run does not move it', () => {
  assert.is(historyOf([30, 10, 20]).usual('job', 0), 20)
  assert.is(historyOf([40, 10, 30, 20]).usual('job', 0), 25)
  assert.is(historyOf([10, 10, 10, 3_600_000]).usual('job', 0), 10)
})

test('durations are kept for one unit of cost, and those of no cost as they are', () => {
  assert.is(historyOf([10_000], 5).usual('job', 0), 2000)
  assert.is(historyOf([10], 0).usual('job', 0), 10)
})

test('what took less than no time, by two clocks, took none', () => {
  assert.is(historyOf([-0.02]).usual('job', 0), 0)
})

test('only the latest runs count', () => {
  const history = historyOf(new Array(REMEMBERED_RUNS).fill(1000))
  for (let n = 0; n < REMEMBERED_RUNS; n++) {
    history.note({ name: 'job', duration: 10, cost: 1 })
    assert.is(history.usual('job', 0), n < REMEMBERED_RUNS >> 1 ? 1000 : 10)
  }
})

test('what has run for a while is compared with those that took longer', () => {
  const history = historyOf([10, 20, 30, 100])
  assert.is(history.remaining('job', 0, 0), 25)
  assert.is(history.remaining('job', 15, 0), 15)
  assert.is(history.remaining('job', 30, 0), 70)
})

test('what outlasts all of its like is likely to run on for a part of its time', () => {
  assert.is(historyOf([10]).remaining('job', 1000, 0), 100)
  assert.is(historyOf([]).remaining('job', 1000, 700), 100)
  assert.is(historyOf([]).remaining('job', 200, 700), 500)
})

test.run()
