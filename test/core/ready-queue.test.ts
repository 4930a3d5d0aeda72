import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AGED_EVERY, AGING_MS, type Queueable, ReadyQueue } from '#src/core/ready-queue.js'

const test = suite('core: the ready queue')

const NEVER = Number.POSITIVE_INFINITY

class Item implements Queueable<Item> {
  next: Item | null = null
  previous: Item | null = null
  position = 0
  readonly arrival: number
  readonly since: number
  priority: number
  readonly deadline: number

  constructor(arrival: number, priority = 0, deadline = NEVER, since = 0) {
    this.arrival = arrival
    this.priority = priority
    this.deadline = deadline
    this.since = since
  }
}

/** The queue as it is documented: a list, what was taken from it, and the time. */
interface Model {
  waiting: Item[]
  taken: Item[]
  pushed: number
  sinceAged: number
  now: number
}

type Command = fc.Command<Model, ReadyQueue<Item>>

function byOrder(a: Item, b: Item): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  if (a.deadline !== b.deadline) return a.deadline < b.deadline ? -1 : 1
  return a.arrival - b.arrival
}

function byArrival(items: Iterable<Item>): number[] {
  return [...items].map(item => item.arrival).sort((a, b) => a - b)
}

function command(label: string, run: (model: Model, queue: ReadyQueue<Item>) => void): Command {
  return {
    check: () => true,
    run: (model, queue) => {
      run(model, queue)
      assert.is(queue.size, model.waiting.length)
      assert.equal(byArrival(queue), byArrival(model.waiting))
      assert.is(queue.peek(), model.waiting.sort(byOrder)[0] ?? null)
    },
    toString: () => label,
  }
}

function push(count: number, priority: number, deadline: number): Command {
  return command(`push(${count}, ${priority}, ${deadline})`, (model, queue) => {
    for (let i = 0; i < count; i++) {
      const item = new Item(model.pushed++, priority, deadline, model.now)
      model.waiting.push(item)
      queue.push(item)
    }
  })
}

function pop(count: number): Command {
  return command(`pop(${count})`, (model, queue) => {
    for (let i = 0; i < count; i++) {
      const item = queue.pop(model.now)
      if (model.waiting.length === 0) {
        assert.is(item, null)
        return
      }
      const aged = model.waiting.filter(one => one.deadline === NEVER && model.now - one.since >= AGING_MS)
      const looks = ++model.sinceAged === AGED_EVERY
      if (looks) model.sinceAged = 0
      const mayAge = looks && aged.length > 0
      const order = mayAge ? aged.sort((a, b) => a.since - b.since) : model.waiting.sort(byOrder)
      // Among aged ones of one age, any may be the one.
      if (mayAge) assert.is(item?.since, order[0]!.since)
      else assert.is(item, order[0])
      assert.equal([item!.next, item!.previous], [null, null])
      model.waiting.splice(model.waiting.indexOf(item!), 1)
      model.taken.push(item!)
    }
  })
}

function putBack(which: number): Command {
  return command(`putBack(${which})`, (model, queue) => {
    const [item] = model.taken.splice(which % Math.max(1, model.taken.length), 1)
    if (item === undefined) return
    model.waiting.push(item)
    queue.push(item)
  })
}

function remove(count: number, from: number): Command {
  return command(`remove(${count}, ${from})`, (model, queue) => {
    for (let i = 0; i < count && model.waiting.length > 0; i++) {
      const [item] = model.waiting.splice(from % model.waiting.length, 1)
      queue.remove(item!)
    }
  })
}

function reprioritize(from: number, priority: number): Command {
  return command(`reprioritize(${from}, ${priority})`, (model, queue) => {
    const item = model.waiting[from % Math.max(1, model.waiting.length)]
    if (item === undefined) return
    queue.remove(item)
    item.priority = priority
    queue.push(item)
  })
}

function wait(time: number): Command {
  return command(`wait(${time})`, model => {
    model.now += time
  })
}

const priorities = fc.constantFrom(0, 0, 0, 1, 5, -1, 20, 21, 22, 23, 24, 25, 26)
const deadlines = fc.oneof(fc.constant(NEVER), fc.integer({ min: 0, max: 5 }))
const counts = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 20, max: 60 }))
const commands = fc.commands(
  [
    fc.tuple(counts, priorities, deadlines).map(args => push(...args)),
    fc.tuple(counts, priorities, deadlines).map(args => push(...args)),
    counts.map(pop),
    fc.nat(1000).map(putBack),
    fc.tuple(counts, fc.nat(1000)).map(args => remove(...args)),
    fc.tuple(fc.nat(1000), priorities).map(args => reprioritize(...args)),
    fc.integer({ min: 1, max: AGING_MS }).map(wait),
  ],
  { maxCommands: 60 },
)

test('whatever is done to it, it holds and gives what a sorted list with aging would', () => {
  fc.assert(
    fc.property(commands, run => {
      const model: Model = { waiting: [], taken: [], pushed: 0, sinceAged: 0, now: 0 }
      fc.modelRun(() => ({ model, real: new ReadyQueue<Item>() }), run)
    }),
    { numRuns: 300 },
  )
})

test('greater priority goes first, then the earlier deadline, then what came first', () => {
  const queue = new ReadyQueue<Item>()
  for (const item of [
    new Item(1),
    new Item(2, 3),
    new Item(3, 3, 200),
    new Item(4, 3, 100),
    new Item(5, 3, 100),
    new Item(6, -1, 0),
    new Item(7),
  ]) {
    queue.push(item)
  }
  const order: number[] = []
  for (let item = queue.pop(0); item !== null; item = queue.pop(0)) order.push(item.arrival)
  assert.equal(order, [4, 5, 3, 2, 1, 7, 6])
})

test('what is put back goes before all that came after it, and not before what came earlier', () => {
  const queue = new ReadyQueue<Item>()
  const items = [1, 2, 3, 4, 5].map(arrival => new Item(arrival))
  for (const item of items) queue.push(item)
  const [first, second, third] = [queue.pop(0)!, queue.pop(0)!, queue.pop(0)!]
  for (const item of [second, third, first]) queue.push(item)
  assert.equal(
    items.map(() => queue.pop(0)?.arrival),
    [1, 2, 3, 4, 5],
  )
  // The tail is right too: what is pushed now comes last.
  queue.push(first)
  queue.push(new Item(6))
  assert.equal([queue.pop(0)?.arrival, queue.pop(0)?.arrival, queue.pop(0)], [1, 6, null])
})

test('two hundred thousand change their priority in no order, without a walk past the others for each', () => {
  const COUNT = 200_000
  const queue = new ReadyQueue<Item>()
  const items = Array.from({ length: COUNT }, (_, arrival) => new Item(arrival))
  for (const item of items) queue.push(item)
  // A step that has no divisor in common with the count comes to each of them once.
  for (let i = 0, at = 0; i < COUNT; i++, at = (at + 77_773) % COUNT) {
    queue.remove(items[at]!)
    items[at]!.priority = 5
    queue.push(items[at]!)
  }
  for (const item of items) assert.is(queue.pop(0), item)
})

test('an aged item is overtaken by no more than the bound says, however many more urgent ones keep coming', () => {
  const queue = new ReadyQueue<Item>()
  const OLDER = 5
  for (let i = 0; i <= OLDER; i++) queue.push(new Item(i, 0, NEVER, i))
  let arrival = 100
  let taken = 0
  const now = AGING_MS + OLDER
  for (;;) {
    // Of the urgent ones there is always one more, with a deadline or without.
    queue.push(new Item(arrival, 9, arrival++ % 2 === 0 ? NEVER : now, now))
    if (queue.pop(now)!.arrival === OLDER) break
    taken++
  }
  assert.ok(taken <= AGED_EVERY * (OLDER + 1), `${taken} went before it`)
})

test('within the aging time the order is exact', () => {
  const queue = new ReadyQueue<Item>()
  queue.push(new Item(0))
  for (let i = 1; i < 100; i++) queue.push(new Item(i, 1, NEVER, i))
  for (let i = 1; i < 100; i++) assert.is(queue.pop(AGING_MS - 1)?.arrival, i)
  assert.is(queue.pop(AGING_MS - 1)?.arrival, 0)
})

test('without aging the order is strict, however long something waits', () => {
  const queue = new ReadyQueue<Item>(false)
  const old = new Item(0)
  queue.push(old)
  for (let arrival = 1; arrival <= 4 * AGED_EVERY; arrival++) {
    const item = new Item(arrival, 1, NEVER, 10 * AGING_MS)
    queue.push(item)
    assert.is(queue.pop(10 * AGING_MS), item)
  }
  assert.is(queue.pop(10 * AGING_MS), old)
})

test('three priorities, each with continuations ahead of its tasks, are six of its levels', () => {
  const levelOf = (priority: number, isContinuation: boolean): number => 2 * priority + Number(isContinuation)
  const arrivals = fc.array(fc.tuple(fc.nat(2), fc.boolean()), { maxLength: 30 })
  fc.assert(
    fc.property(arrivals, fc.nat(29), fc.nat(2), (posted, changed, priority) => {
      const queue = new ReadyQueue<Item>(false)
      const items = posted.map(([own, isContinuation], i) => new Item(i, levelOf(own, isContinuation)))
      for (const item of items) queue.push(item)
      // A priority that is changed takes effect where the task would be if it had always had it.
      const moved = items[changed]
      if (moved !== undefined) {
        queue.remove(moved)
        moved.priority = levelOf(priority, posted[changed]![1])
        queue.push(moved)
      }
      const taken = items.map(() => queue.pop(10 * AGING_MS))
      assert.equal(taken, items.sort(byOrder))
    }),
  )
})

test.run()
