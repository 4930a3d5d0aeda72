import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TurnSlice } from '#src/lanes/turn-slice.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: work that shares its loop')

/** Has the microtasks and turns for the test to run. */
function newRig(work: (slice: TurnSlice, clock: ManualClock) => void) {
  const clock = new ManualClock()
  const jobs: (() => void)[] = []
  const turns: (() => void)[] = []
  const environment = {
    microtask: (call: () => void) => void jobs.push(call),
    nextTurn: (call: () => void) => void turns.push(call),
  }
  const slice: TurnSlice = new TurnSlice(clock, environment, () => work(slice, clock))
  const run = (calls: (() => void)[]): void => {
    for (const call of calls.splice(0)) call()
  }
  return { slice, jobs, turns, runJobs: () => run(jobs), runTurns: () => run(turns) }
}

test('work that throws is gone on with in the next turn, as often as it takes', () => {
  let count = 0
  const rig = newRig(() => {
    if (++count < 3) throw new RangeError('planted')
  })
  rig.slice.wake()
  assert.throws(rig.runJobs, /planted/)
  rig.slice.wake()
  assert.equal([count, rig.jobs.length], [1, 0], 'not in the same turn')
  assert.throws(rig.runTurns, /planted/)
  rig.runTurns()
  assert.equal([count, rig.jobs.length], [3, 0])
  rig.runTurns()
  rig.slice.wake()
  rig.runJobs()
  assert.is(count, 4, 'it can be woken as before')
})

test('work whose slice is over is gone on with in the next turn', () => {
  let count = 0
  const rig = newRig((slice, clock) => {
    do {
      count++
      clock.advance(1.5)
    } while (!slice.isOver(clock.now()) && count < 4)
  })
  rig.slice.wake()
  rig.runJobs()
  assert.is(count, 2)
  rig.slice.wake()
  assert.is(rig.jobs.length, 0)
  rig.runTurns()
  assert.is(count, 4)
})

test.run()
