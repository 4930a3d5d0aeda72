import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DurationCounts } from '#src/lanes/duration-counts.js'
import { newDurations, ThreadTimings } from '#src/lanes/task-timings.js'

const test = suite('duration counts')

const ODD = [
  -1, -0.001, 0, 1e-9, 4e-7, 5e-7, 6e-7, 127e-6, 128e-6, 255e-6, 255.4e-6, 255.6e-6, 256e-6, 257e-6,
]
const HUGE = [2 ** 31 / 1e6, 2 ** 32 / 1e6, 9e9, 1e300, Number.POSITIVE_INFINITY]

test('what is moved is what a histogram would have recorded by itself', () => {
  const timings = new ThreadTimings({ waits: newDurations(), runs: newDurations() })
  const counts = new DurationCounts()
  const moved = newDurations()
  let duration = 1e-7
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 2_000; i++) {
      duration = duration > 1e7 ? 1e-7 : duration * 1.0173
      for (let times = 0; times <= i % 7; times++) {
        timings.ran(duration)
        counts.count(duration)
      }
    }
    for (const odd of [...ODD, ...HUGE]) {
      timings.ran(odd)
      counts.count(odd)
    }
    counts.moveTo(moved)
    const { count, min, max, mean, stddev, percentiles } = timings.runs
    assert.equal([moved.count, moved.min, moved.max], [count, min, max])
    assert.equal([moved.mean, moved.stddev], [mean, stddev])
    assert.equal(moved.percentiles, percentiles)
  }
})

test('nothing is moved twice', () => {
  const counts = new DurationCounts()
  const moved = newDurations()
  for (let i = 0; i < 1_000; i++) counts.count(1)
  counts.moveTo(moved)
  counts.moveTo(moved)
  assert.is(moved.count, 1_000)
})

test.run()
