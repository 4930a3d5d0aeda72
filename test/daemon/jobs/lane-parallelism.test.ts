import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LaneParallelism } from '#daemon/jobs/lane-parallelism.js'

const test = suite('lane parallelism')

/** So many jobs end one after another, each so long after the one before. */
function seen(slots: number, count: number, duration: number, apart: number, busy = true): LaneParallelism {
  const parallelism = new LaneParallelism(slots)
  for (let n = 1; n <= count; n++) parallelism.note(duration, n * apart, busy)
  return parallelism
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.05, `${actual} is not about ${expected}`)
}

test('before anything was seen it is the slots', () => {
  assert.is(new LaneParallelism(64).value, 64)
  assert.is(seen(64, 10, 10, 10).value, 64)
})

test('jobs that hold one thread go one by one, however many slots it has', () => {
  near(seen(64, 100, 50, 50).value, 1)
})

test('jobs that wait go side by side, as many as there are slots', () => {
  near(seen(64, 6400, 1000, 1000 / 64).value, 64)
})

test('four threads that compute do four', () => {
  near(seen(256, 1000, 50, 50 / 4).value, 4)
})

test('it is never below one nor above the slots', () => {
  assert.is(seen(8, 100, 1, 100).value, 1)
  assert.is(seen(8, 100, 100, 1).value, 8)
})

test('what is seen while the lane is not busy says nothing', () => {
  assert.is(seen(64, 1000, 50, 5000, false).value, 64)
})

test('it follows a change of the work', () => {
  const parallelism = new LaneParallelism(64)
  for (let n = 0; n < 2000; n++) parallelism.note(1000, (n * 1000) / 64, true)
  near(parallelism.value, 64)
  for (let n = 0; n < 1000; n++) parallelism.note(50, 31_250 + n * 50, true)
  assert.ok(parallelism.value < 4, `still ${parallelism.value}`)
})

test('a clock that is put back spoils nothing', () => {
  const parallelism = seen(64, 100, 50, 50)
  parallelism.note(50, 0, true)
  parallelism.note(50, 50, true)
  near(parallelism.value, 1)
})

test.run()
