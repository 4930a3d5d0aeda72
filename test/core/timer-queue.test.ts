import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TimerEntry, TimerQueue } from '#src/core/timer-queue.js'
import { collectGarbage } from '../support/garbage.js'

const test = suite('core: the timer queue')

interface Model {
  set: { readonly at: number; readonly value: number }[]
  /** Every entry there ever was: cancelling one again, or late, must change nothing. */
  readonly entries: TimerEntry<number>[]
  now: number
}

type Command = fc.Command<Model, TimerQueue<number>>

function command(label: string, run: (model: Model, queue: TimerQueue<number>) => void): Command {
  return {
    check: () => true,
    run: (model, queue) => {
      run(model, queue)
      assert.is(queue.size, model.set.length)
      assert.is(queue.next(), Math.min(...model.set.map(one => one.at)))
    },
    toString: () => label,
  }
}

function add(count: number, distance: number): Command {
  return command(`add(${count}, ${distance})`, (model, queue) => {
    for (let i = 0; i < count; i++) {
      const at = model.now + distance + (i % 7)
      const value = model.entries.length
      model.entries.push(queue.add(at, value))
      model.set.push({ at, value })
    }
  })
}

function cancel(count: number, from: number): Command {
  return command(`cancel(${count}, ${from})`, (model, queue) => {
    for (let i = 0; i < count && model.entries.length > 0; i++) {
      const value = (from + i) % model.entries.length
      queue.cancel(model.entries[value]!)
      model.set = model.set.filter(one => one.value !== value)
    }
  })
}

function advance(by: number): Command {
  return command(`advance(${by})`, (model, queue) => {
    model.now += by
    const due = model.set.filter(one => one.at <= model.now).sort((a, b) => a.at - b.at || a.value - b.value)
    model.set = model.set.filter(one => one.at > model.now)
    for (const { value } of due) assert.is(queue.due(model.now), value)
    assert.is(queue.due(model.now), undefined)
  })
}

const counts = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 40, max: 150 }))
const commands = fc.commands(
  [
    fc.tuple(counts, fc.nat(30)).map(args => add(...args)),
    fc.tuple(counts, fc.nat(30)).map(args => add(...args)),
    fc.tuple(counts, fc.nat(1000)).map(args => cancel(...args)),
    fc.nat(20).map(advance),
  ],
  { maxCommands: 50 },
)

test('whatever is done to it, it reminds as a sorted list would', () => {
  fc.assert(
    fc.property(commands, run => {
      fc.modelRun(() => ({ model: { set: [], entries: [], now: 0 }, real: new TimerQueue<number>() }), run)
    }),
    { numRuns: 300 },
  )
})

test('entries of one instant are due in the order in which they were added', () => {
  const queue = new TimerQueue<string>()
  for (const value of ['a', 'b', 'c', 'd', 'e']) queue.add(10, value)
  assert.equal([queue.due(10), queue.due(10), queue.due(10)], ['a', 'b', 'c'])
})

test('nothing is due before its instant, and nothing is next when nothing is set', () => {
  const queue = new TimerQueue<string>()
  assert.is(queue.next(), Number.POSITIVE_INFINITY)
  const entry = queue.add(10, 'a')
  assert.is(queue.due(9.999), undefined)
  assert.is(queue.due(10), 'a')
  queue.cancel(entry)
  assert.is(queue.size, 0)
})

test('nothing is kept of what a reminder was of that is cancelled', async () => {
  const queue = new TimerQueue<object>()
  queue.add(1, {})
  const values: WeakRef<object>[] = []
  const addAndCancel = (): void => {
    const value = {}
    values.push(new WeakRef(value))
    queue.cancel(queue.add(2, value))
  }
  for (let i = 0; i < 10; i++) addAndCancel()
  // As long as a turn lasts, what a WeakRef was made for in it is kept.
  await turn()
  collectGarbage()
  assert.is(values.filter(value => value.deref() !== undefined).length, 0)
})

test.run()
