import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Queueable, ReadyQueue } from '#src/core/ready-queue.js'

const test = suite('core: the ready queue')

class Item implements Queueable<Item> {
  static looks = 0
  next: Item | null = null
  readonly sequence: number
  readonly priority: number
  readonly deadline: number
  #dead = false

  constructor(sequence: number, priority = 0, deadline = Number.POSITIVE_INFINITY) {
    this.sequence = sequence
    this.priority = priority
    this.deadline = deadline
  }

  get dead(): boolean {
    Item.looks++
    return this.#dead
  }

  kill(): void {
    this.#dead = true
  }
}

/** The queue as it is documented: a list, and what was taken from it. */
interface Model {
  waiting: Item[]
  taken: Item[]
  pushed: number
}

type Command = fc.Command<Model, ReadyQueue<Item>>

function byOrder(a: Item, b: Item): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  if (a.deadline !== b.deadline) return a.deadline < b.deadline ? -1 : 1
  return a.sequence - b.sequence
}

function bySequence(items: Iterable<Item>): number[] {
  return [...items].map(item => item.sequence).sort((a, b) => a - b)
}

function command(label: string, run: (model: Model, queue: ReadyQueue<Item>) => void): Command {
  return {
    check: () => true,
    run: (model, queue) => {
      run(model, queue)
      assert.is(queue.size, model.waiting.length)
      assert.equal(bySequence(queue), bySequence(model.waiting))
    },
    toString: () => label,
  }
}

function push(count: number, priority: number, deadline: number): Command {
  return command(`push(${count}, ${priority}, ${deadline})`, (model, queue) => {
    for (let i = 0; i < count; i++) {
      const item = new Item(model.pushed++, priority, deadline)
      model.waiting.push(item)
      queue.push(item)
    }
  })
}

function pop(count: number): Command {
  return command(`pop(${count})`, (model, queue) => {
    for (let i = 0; i < count; i++) {
      const expected = model.waiting.sort(byOrder).shift() ?? null
      const item = queue.pop()
      assert.is(item?.sequence, expected?.sequence)
      if (item === null) return
      assert.is(item.next, null)
      model.taken.push(item)
    }
  })
}

function restore(which: number): Command {
  return command(`restore(${which})`, (model, queue) => {
    const [item] = model.taken.splice(which % Math.max(1, model.taken.length), 1)
    if (item === undefined) return
    model.waiting.push(item)
    queue.restore(item)
  })
}

function discard(count: number, from: number): Command {
  return command(`discard(${count}, ${from})`, (model, queue) => {
    for (let i = 0; i < count && model.waiting.length > 0; i++) {
      const [item] = model.waiting.splice(from % model.waiting.length, 1)
      item!.kill()
      queue.discard()
    }
  })
}

const priorities = fc.constantFrom(0, 0, 0, 1, 5, -1)
const deadlines = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 5 }))
const counts = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 50, max: 150 }))
const commands = fc.commands(
  [
    fc.tuple(counts, priorities, deadlines).map(args => push(...args)),
    fc.tuple(counts, priorities, deadlines).map(args => push(...args)),
    counts.map(pop),
    fc.nat(1000).map(restore),
    fc.tuple(counts, fc.nat(1000)).map(args => discard(...args)),
  ],
  { maxCommands: 60 },
)

test('whatever is done to it, it holds and gives what a sorted list would', () => {
  fc.assert(
    fc.property(commands, run => {
      fc.modelRun(() => ({ model: { waiting: [], taken: [], pushed: 0 }, real: new ReadyQueue<Item>() }), run)
    }),
    { numRuns: 300 },
  )
})

test('greater priority goes first, then the earlier deadline, then what came first', () => {
  const queue = new ReadyQueue<Item>()
  const at = Number.POSITIVE_INFINITY
  for (const item of [
    new Item(1),
    new Item(2, 3, at),
    new Item(3, 3, 200),
    new Item(4, 3, 100),
    new Item(5, 3, 100),
    new Item(6, -1, 0),
    new Item(7),
  ]) {
    queue.push(item)
  }
  const order: number[] = []
  for (let item = queue.pop(); item !== null; item = queue.pop()) order.push(item.sequence)
  assert.equal(order, [4, 5, 3, 2, 1, 7, 6])
})

test('what is put back goes before all that came after it, and not before what came earlier', () => {
  const queue = new ReadyQueue<Item>()
  const items = [1, 2, 3, 4, 5].map(sequence => new Item(sequence))
  for (const item of items) queue.push(item)
  const [first, second, third] = [queue.pop()!, queue.pop()!, queue.pop()!]
  for (const item of [second, third, first]) queue.restore(item)
  assert.equal(
    items.map(() => queue.pop()?.sequence),
    [1, 2, 3, 4, 5],
  )
  // The tail is right too: what is pushed now comes last.
  queue.restore(first)
  queue.push(new Item(6))
  assert.equal([queue.pop()?.sequence, queue.pop()?.sequence, queue.pop()], [1, 6, null])
})

for (const [kind, deadline] of [
  ['without deadlines', Number.POSITIVE_INFINITY],
  ['with deadlines', 10],
] as const) {
  test(`what was discarded is not kept: ${kind}`, () => {
    const queue = new ReadyQueue<Item>()
    const items = Array.from({ length: 5000 }, (_, i) => new Item(i, i % 3, deadline))
    for (const item of items) queue.push(item)
    // Every item that the queue holds is looked at once while iterating.
    const held = (): number => {
      Item.looks = 0
      assert.is([...queue].length, queue.size)
      return Item.looks
    }
    assert.is(held(), 5000)
    items.forEach((item, i) => {
      if (i % 100 === 0) return
      item.kill()
      queue.discard()
      if (i % 97 === 0) assert.ok(held() <= queue.size + Math.max(64, queue.size))
    })
    assert.is(queue.size, 50)
    assert.ok(held() <= 50 + 64, `${held()} are held for ${queue.size}`)
  })
}

test('what was discarded holds on to nothing', () => {
  const queue = new ReadyQueue<Item>()
  const items = Array.from({ length: 1000 }, (_, i) => new Item(i))
  for (const item of items) queue.push(item)
  for (const item of items) {
    item.kill()
    queue.discard()
  }
  assert.is(queue.pop(), null)
  assert.is(items.filter(item => item.next !== null).length, 0)
})

test.run()
