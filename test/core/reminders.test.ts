import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Reminders } from '#src/core/reminders.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('core: reminders')

const LONGEST_TIMER = 2 ** 31 - 1

/** Reminders that note what came, and when. */
function setUp() {
  const clock = new ManualClock(0)
  const log: [string, number][] = []
  const reminders = new Reminders<string>(clock, clock, value => log.push([value, clock.now()]))
  return { clock, log, reminders }
}

test('each reminder comes at its instant, in order, on one timer', () => {
  const { clock, log, reminders } = setUp()
  for (const at of [30, 10, 20]) {
    reminders.add(at, `at ${at}`)
    assert.is(clock.pending, 1)
  }
  clock.runFor(100)
  assert.equal(log, [
    ['at 10', 10],
    ['at 20', 20],
    ['at 30', 30],
  ])
  assert.is(clock.pending, 0)
})

test('a delay beyond what a timer can do is waited for in full', () => {
  const { clock, log, reminders } = setUp()
  const at = 3 * LONGEST_TIMER + 5
  reminders.add(at, 'far')
  clock.runFor(at - 1)
  assert.equal(log, [])
  assert.is(clock.pending, 1)
  clock.runFor(1)
  assert.equal(log, [['far', at]])
})

test('a reminder never comes early, also with fractions of a millisecond', () => {
  const { clock, log, reminders } = setUp()
  reminders.add(0.4, 'soon')
  assert.is(clock.next, 1)
  clock.runFor(5)
  assert.equal(log, [['soon', 1]])
})

test('what lies in the past comes at the next turn, not inside add', () => {
  const { clock, log, reminders } = setUp()
  clock.advance(100)
  reminders.add(5, 'late')
  assert.equal(log, [])
  clock.runFor(0)
  assert.equal(log, [['late', 100]])
})

test('one that was cancelled does not come, and the last one takes the timer along', () => {
  const { clock, log, reminders } = setUp()
  const first = reminders.add(10, 'first')
  const second = reminders.add(20, 'second')
  reminders.cancel(first)
  clock.runFor(15)
  assert.equal(log, [])
  reminders.cancel(second)
  reminders.cancel(second)
  assert.is(clock.pending, 0)
})

test('clear forgets all of them, and takes new ones', () => {
  const { clock, log, reminders } = setUp()
  for (const at of [10, 20, Number.MAX_SAFE_INTEGER]) reminders.add(at, `at ${at}`)
  reminders.clear()
  assert.is(clock.pending, 0)
  reminders.add(15, 'new')
  clock.runFor(100)
  assert.equal(log, [['new', 15]])
})

test('reminders may be added and cancelled by the one that comes', () => {
  const clock = new ManualClock(0)
  const log: string[] = []
  const reminders = new Reminders<() => void>(clock, clock, call => call())
  const doomed = reminders.add(10, () => log.push('cancelled and yet came'))
  reminders.add(5, () => {
    reminders.cancel(doomed)
    reminders.add(7, () => log.push(`added, at ${clock.now()}`))
    reminders.add(500, () => log.push(`later, at ${clock.now()}`))
  })
  reminders.add(300, () => log.push(`there before, at ${clock.now()}`))
  clock.runFor(1000)
  assert.equal(log, ['added, at 7', 'there before, at 300', 'later, at 500'])
})

const steps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('add' as const), delay: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ type: fc.constant('cancel' as const), which: fc.nat(100) }),
    fc.record({ type: fc.constant('run' as const), duration: fc.integer({ min: 0, max: 40 }) }),
  ),
  { maxLength: 60 },
)

test('whatever is added and cancelled, all others come at their instants', () => {
  fc.assert(
    fc.property(steps, taken => {
      const { clock, log, reminders } = setUp()
      const entries: ReturnType<typeof reminders.add>[] = []
      const expected = new Map<number, [string, number]>()
      for (const step of taken) {
        if (step.type === 'add') {
          const at = clock.now() + step.delay
          const number = entries.length
          expected.set(number, [`${number}`, at])
          entries.push(reminders.add(at, `${number}`))
        } else if (step.type === 'run') {
          clock.runFor(step.duration)
        } else if (entries.length > 0) {
          const number = step.which % entries.length
          reminders.cancel(entries[number]!)
          if (!log.some(([value]) => value === `${number}`)) expected.delete(number)
        }
        assert.ok(clock.pending <= 1)
      }
      clock.runFor(100)
      assert.is(clock.pending, 0)
      assert.equal(
        log,
        [...expected.values()].sort(([a, x], [b, y]) => x - y || Number(a) - Number(b)),
      )
    }),
    { numRuns: 500 },
  )
})

test.run()
