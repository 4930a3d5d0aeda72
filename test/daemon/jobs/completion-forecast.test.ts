import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ForecastJob, forecastCompletion, type LaneOutlook } from '#daemon/jobs/completion-forecast.js'
import { DurationHistory } from '#daemon/jobs/duration-history.js'
import type { QueueStretch } from '#daemon/store/job-store.js'

const test = suite('completion forecast')

const NOW = 100_000
/** Jobs of name `d<n>` take n milliseconds for a unit of cost. */
const EXPERIENCE = {
  history: new DurationHistory(),
  expected: (name: string) => Number(name.slice(1)),
}
const JOB: ForecastJob = { name: 'd10', cost: 1, priority: 0, sequence: 1000, dueAt: NOW, startedAt: null }

function stretch(changes: Partial<QueueStretch> & { readonly count: number }): QueueStretch {
  const { count, firstSequence = 1 } = changes
  const defaults = { name: 'd10', priority: 0, lastSequence: firstSequence + count - 1, cost: count }
  return { ...defaults, firstSequence, ...changes }
}

function forecast(lane: Partial<LaneOutlook>, job: Partial<ForecastJob> = {}): number {
  const outlook = { parallelism: 1, running: [], waiting: [], ...lane }
  return forecastCompletion({ ...JOB, ...job }, outlook, EXPERIENCE, NOW) - NOW
}

test('on an idle lane it takes its own time, for its cost', () => {
  assert.is(forecast({}), 10)
  assert.is(forecast({}, { cost: 2.5 }), 25)
})

test('a job whose time has not come is done after that', () => {
  assert.is(forecast({}, { dueAt: NOW + 5000 }), 5010)
})

test('a job that runs is done when its like would be', () => {
  assert.is(forecast({}, { name: 'd100', startedAt: NOW - 30 }), 70)
  assert.is(forecast({}, { name: 'd100', cost: 3, startedAt: NOW - 30 }), 270)
  assert.is(forecast({}, { name: 'd100', startedAt: NOW - 1000 }), 100)
})

test('what runs and what waits ahead go first; what is behind does not', () => {
  const running = [{ name: 'd100', cost: 1, startedAt: NOW - 40 }]
  const waiting = [
    stretch({ count: 2, priority: 5, firstSequence: 2000 }),
    stretch({ count: 3 }),
    stretch({ count: 50, firstSequence: 1001 }),
    stretch({ count: 50, priority: -1 }),
  ]
  assert.is(forecast({ running, waiting }), 60 + 20 + 30 + 10)
})

test('of a stretch that it stands in, the part before it goes first', () => {
  const waiting = [stretch({ count: 100, firstSequence: 1, lastSequence: 100 })]
  assert.is(forecast({ waiting }, { sequence: 51 }), 500 + 10)
  assert.is(forecast({ waiting }, { sequence: 1 }), 10)
})

test('whatever jobs cost, the forecast is an instant of a year with four digits', () => {
  const costs = [0, 5e-324, 1e-310, 1, 1e17, 1e308]
  for (const cost of costs)
    for (const other of costs) {
      const running = [{ name: 'd10', cost: other, startedAt: NOW - 5 }]
      for (const count of [1, 100_000]) {
        const waiting = [stretch({ count, cost: count * other, firstSequence: 1, lastSequence: 9 })]
        for (const startedAt of [null, NOW - 5]) {
          const instant = NOW + forecast({ running, waiting }, { cost, startedAt })
          assert.ok(instant >= NOW, `${instant} for ${cost} beside ${other}`)
          assert.match(new Date(instant).toISOString(), /^\d{4}-/)
        }
      }
    }
  assert.match(new Date(NOW + forecast({}, { dueAt: 8.64e15 })).toISOString(), /^\d{4}-/)
})

const durations = fc.integer({ min: 0, max: 50 })
const lanes = fc.record({
  parallelism: fc.double({ min: 1, max: 8, noNaN: true }),
  running: fc.array(fc.record({ duration: durations, elapsed: fc.integer({ min: 0, max: 80 }) }), {
    maxLength: 8,
  }),
  waiting: fc.array(
    fc.record({
      duration: durations,
      count: fc.integer({ min: 1, max: 400 }),
      cost: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 6 },
  ),
})
type LaneShape = typeof lanes extends fc.Arbitrary<infer T> ? T : never

function outlookOf({ parallelism, running, waiting }: LaneShape): LaneOutlook {
  let sequence = 1
  return {
    parallelism,
    running: running.map(({ duration, elapsed }) => ({
      name: `d${duration}`,
      cost: 1,
      startedAt: NOW - elapsed,
    })),
    waiting: waiting.map(({ duration, count, cost }) => {
      const firstSequence = sequence
      sequence += count
      return stretch({ name: `d${duration}`, count, cost: count * cost, firstSequence })
    }),
  }
}

const LAST = { sequence: 1_000_000 }

test('it is never before now, whatever is asked', () => {
  fc.assert(
    fc.property(
      lanes,
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 1, max: 3000 }),
      (shape, due, sequence) => {
        const lane = outlookOf(shape)
        assert.ok(forecast(lane, { dueAt: NOW + due, sequence }) >= 0)
        assert.ok(forecast(lane, { startedAt: NOW + due }) >= 0)
      },
    ),
  )
})

test('more jobs ahead never make it earlier', () => {
  fc.assert(
    fc.property(lanes, fc.nat(), (shape, chosen) => {
      const one = shape.waiting[chosen % Math.max(1, shape.waiting.length)]
      const waiting = shape.waiting.map(other => (other === one ? { ...one, count: one.count + 1 } : other))
      const more = one === undefined ? [{ duration: 7, count: 1, cost: 1 }] : waiting
      const before = forecast(outlookOf(shape), LAST)
      const after = forecast(outlookOf({ ...shape, waiting: more }), LAST)
      assert.ok(after >= before - 1e-6, `${after} is before ${before}`)
    }),
  )
})

test('a later arrival, or a lower priority, is never done earlier', () => {
  fc.assert(
    fc.property(
      lanes,
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 500 }),
      (shape, sequence, later) => {
        const lane = outlookOf(shape)
        const first = forecast(lane, { sequence })
        assert.ok(forecast(lane, { sequence: sequence + later }) >= first - 1e-6)
        assert.ok(forecast(lane, { sequence, priority: -1 }) >= first - 1e-6)
      },
    ),
  )
})

/** Each job goes to the slot that is free first, in the order of the queue. */
function listSchedule(running: readonly number[], queue: readonly number[], slots: number): number {
  const free: number[] = new Array(slots).fill(0)
  let start = 0
  for (const duration of [...running.toSorted((a, b) => a - b), ...queue]) {
    const slot = free.indexOf(Math.min(...free))
    start = free[slot]!
    free[slot] = start + duration
  }
  return start + queue.at(-1)!
}

test('where durations are known it is what a list scheduler does', () => {
  const small = fc.record({
    slots: fc.integer({ min: 1, max: 6 }),
    running: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 6 }),
    waiting: fc.array(fc.record({ duration: durations, count: fc.integer({ min: 1, max: 20 }) }), {
      maxLength: 6,
    }),
  })
  fc.assert(
    fc.property(small, ({ slots, running, waiting }) => {
      const lane = outlookOf({
        parallelism: slots,
        running: running.slice(0, slots).map(duration => ({ duration, elapsed: 0 })),
        waiting: waiting.map(one => ({ ...one, cost: 1 })),
      })
      const queue = [...waiting.flatMap(({ duration, count }) => new Array<number>(count).fill(duration)), 10]
      assert.is(forecast(lane, LAST), listSchedule(running.slice(0, slots), queue, slots))
    }),
  )
})

test('a long queue is forecast to within one job of what a list scheduler does', () => {
  const queue = new Array<number>(5000).fill(20)
  const exact = listSchedule([30, 5], [...queue, 10], 4)
  const running = [30, 5].map(duration => ({ name: `d${duration}`, cost: 1, startedAt: NOW }))
  const about = forecast({ parallelism: 4, running, waiting: [stretch({ name: 'd20', count: 5000 })] }, LAST)
  assert.ok(Math.abs(about - exact) <= 20, `${about} for ${exact}`)
})

test.run()
