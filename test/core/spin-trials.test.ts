import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpinTrials } from '#src/core/spin-trials.js'

const test = suite('core: looking before sleeping')

/** How often it looks in so many waits, none or all of which look for as long as they pay. */
function looks(trials: SpinTrials, waits: number, pays: boolean): number {
  let count = 0
  for (let i = 0; i < waits; i++) {
    if (trials.next() === 0) continue
    count++
    trials.tried(pays)
  }
  return count
}

test('it looks each time as long as that pays', () => {
  assert.is(looks(new SpinTrials(0.05), 1_000, true), 1_000)
})

test('it looks ever more seldom when it does not, and never gives up', () => {
  const trials = new SpinTrials(0.05)
  assert.ok(looks(trials, 1_000, false) <= 11)
  const later = looks(trials, 10_000, false)
  assert.ok(later >= 30 && later <= 40, `${later}`)
})

test('one success, and it looks each time again; one failure costs one wait', () => {
  const trials = new SpinTrials(0.05)
  looks(trials, 10_000, false)
  while (trials.next() === 0);
  trials.tried(true)
  assert.is(looks(trials, 100, true), 100)
  trials.next()
  trials.tried(false)
  assert.is(looks(trials, 100, true), 99)
})

test('without a budget it never looks', () => assert.is(looks(new SpinTrials(0), 100, true), 0))

test.run()
