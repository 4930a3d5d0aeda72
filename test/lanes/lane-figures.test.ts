import type { EventLoopUtilization } from 'node:perf_hooks'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { LaneFigures, type MeasuredThread } from '#src/lanes/lane-figures.js'
import { ThreadTimings } from '#src/lanes/task-timings.js'

const test = suite('lanes: the figures of a lane')

/** A thread whose loop is as utilized as the test says. */
function newThread(figures: LaneFigures) {
  const loop = { idle: 0, active: 0, utilization: 0 }
  const durations = figures.lend()
  const performance = { eventLoopUtilization: (): EventLoopUtilization => ({ ...loop }) }
  const thread = { block: new ThreadBlock(), durations, worker: { performance } }
  const timings = new ThreadTimings(durations)
  return { thread: thread as unknown as MeasuredThread, loop, durations, timings, block: thread.block }
}

test('those of all threads together, and those of threads that are gone', () => {
  const figures = new LaneFigures()
  const [one, other] = [newThread(figures), newThread(figures)]
  figures.joined(one.thread)
  figures.joined(other.thread)
  one.timings.waited(1)
  one.timings.ran(2)
  one.block.addSpun(3)
  other.timings.waited(100)
  other.block.addSpun(4)
  for (let round = 0; round < 2; round++) {
    const { waits, runs, spin } = figures.take()
    assert.equal([waits.count, runs.count, spin], [2, 1, 7])
    assert.ok(
      Math.abs(waits.max - 100e6) <= 1e6 && Math.abs(waits.min - 1e6) <= 1e4,
      `${waits.min}, ${waits.max}`,
    )
    if (round === 0) figures.exited(one.thread)
  }
  figures.exited(other.thread)
  const { waits, spin } = figures.take()
  assert.equal([waits.count, spin], [2, 7])
})

test('a thread goes on in the histograms of one that is gone, also of one that was never ready', () => {
  const figures = new LaneFigures()
  const [ready, unready, living] = [newThread(figures), newThread(figures), newThread(figures)]
  figures.joined(ready.thread)
  figures.joined(living.thread)
  ready.timings.ran(1)
  figures.exited(ready.thread)
  figures.exited(unready.thread)
  const next = [newThread(figures), newThread(figures)]
  assert.equal(new Set(next.map(({ durations }) => durations)), new Set([ready.durations, unready.durations]))
  for (const { timings } of next) timings.ran(1)
  assert.is(figures.take().runs.count, 3)
})

test('what was taken stays as it was', () => {
  const figures = new LaneFigures()
  const { thread, timings } = newThread(figures)
  figures.joined(thread)
  timings.ran(1)
  const { runs } = figures.take()
  timings.ran(1)
  assert.is(runs.count, 1)
  runs.record(1)
  assert.is(figures.take().runs.count, 2)
})

test('the utilization is the mean of the threads there are, from the start and from look to look', () => {
  const figures = new LaneFigures()
  const [one, other] = [newThread(figures), newThread(figures)]
  Object.assign(one.loop, { idle: 50, active: 50 })
  for (const { thread } of [one, other]) figures.joined(thread)
  assert.equal(figures.take().utilization, { sinceStart: 0, sinceLast: 0 })
  Object.assign(one.loop, { idle: 50, active: 150 })
  Object.assign(other.loop, { idle: 100, active: 0 })
  assert.equal(figures.take().utilization, { sinceStart: 0.5, sinceLast: 0.5 })
  Object.assign(one.loop, { idle: 150, active: 150 })
  Object.assign(other.loop, { idle: 100, active: 100 })
  assert.equal(figures.take().utilization, { sinceStart: 0.5, sinceLast: 0.5 })
  Object.assign(other.loop, { idle: 0, active: 0 })
  assert.is(figures.take().utilization.sinceLast, 0, 'a worker that has just exited shows zeros')
  figures.exited(other.thread)
  Object.assign(one.loop, { idle: 150, active: 250 })
  assert.equal(figures.take().utilization, { sinceStart: 2 / 3, sinceLast: 1 })
})

test('durations that no histogram takes are bent to the nearest that it does', () => {
  const timings = new ThreadTimings(new LaneFigures().lend())
  for (const duration of [-0.001, 0, 1e-9, 1e300, Number.POSITIVE_INFINITY]) timings.ran(duration)
  assert.is(timings.runs.count, 5)
  assert.is(timings.runs.min, 1)
})

test.run()
