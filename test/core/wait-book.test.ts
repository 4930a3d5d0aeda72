import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BegunWait, WaitBook, type WaitKind } from '#src/core/wait-book.js'
import type { WaitNode } from '#src/core/wait-graph.js'
import { type BookStep, CheckedBook } from './wait-book-model.js'

const test = suite('core: the book of waits')

const index = fc.nat(1000)
const KINDS: readonly WaitKind[] = [
  'end',
  'end',
  'after',
  'after',
  'after',
  'after',
  'limited',
  'blocking',
  'start',
  'thread',
]
const begin = fc.record({
  kind: fc.constantFrom(...KINDS),
  by: index,
  waiter: index,
  awaited: fc.array(index, { minLength: 1, maxLength: 3 }),
})
const steps: fc.Arbitrary<BookStep> = fc.oneof(
  { weight: 8, arbitrary: begin },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('over' as const), wait: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('own' as const), node: index, priority: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gone' as const), by: index }) },
)

test('whatever is told: none wait for each other for ever, what gives way was in a cycle, and all else counts', () => {
  const all = { refused: 0, refusedForAfter: 0, gaveWay: 0, longest: 0, inherited: 0 }
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.array(steps, { maxLength: 60, size: 'max' }),
      (count, run) => {
        const checked = new CheckedBook(count)
        for (const step of run) checked.step(step)
        checked.finish()
        const { seen } = checked
        for (const key of ['refused', 'refusedForAfter', 'gaveWay', 'inherited'] as const)
          all[key] += seen[key]
        all.longest = Math.max(all.longest, seen.longest)
      },
    ),
    { numRuns: 1000 },
  )
  const { longest, ...counts } = all
  assert.ok(longest > 2 && Object.values(counts).every(count => count > 20), JSON.stringify(all))
})

interface Rig {
  readonly book: WaitBook<WaitNode>
  /** Those that have ended, and nobody has said so. */
  readonly ended: Set<WaitNode>
  readonly log: string[]
  begin(kind: WaitKind, waiter: WaitNode, ...awaited: WaitNode[]): BegunWait<WaitNode>
}

function rig(): Rig {
  const log: string[] = []
  const ended = new Set<WaitNode>()
  let id = 0
  const book = new WaitBook<WaitNode>({
    inherits: ({ name }, priority) => void log.push(`${name} inherits ${priority}`),
    refused: (wait, cycle) => void log.push(`${wait.id} refused: ${cycle.map(({ name }) => name).join()}`),
    hasEnded: node => ended.has(node),
  })
  return {
    book,
    ended,
    log,
    begin: (kind, waiter, ...awaited) => {
      const wait = { by: 0, id: ++id, kind, waiter, awaited }
      book.begin(wait)
      return wait
    },
  }
}

const named = (name: string, own = 0): WaitNode => ({ name, own })
const refusals = ({ log }: Rig): string[] => log.filter(line => line.includes('refused'))

test('a task that awaits one that is to start after it is refused, whichever of both is told first', () => {
  for (const order of [
    ['after', 'end'],
    ['end', 'after'],
  ] as const) {
    const one = rig()
    const [task, dependant] = [named('task'), named('dependant')]
    for (const kind of order) {
      if (kind === 'after') one.begin(kind, dependant, task)
      else one.begin(kind, task, dependant)
    }
    assert.equal(refusals(one), [`${order.indexOf('end') + 1} refused: task,dependant`])
    // The dependant still starts after the task.
    assert.equal(one.book.awaitedBy(dependant), [task])
  }
})

test('of several waits in a cycle that an `after` closes the youngest is refused, and with it all that it waits for', () => {
  const one = rig()
  const [a, b, c, other] = [named('a'), named('b'), named('c'), named('other')]
  one.begin('end', a, b)
  one.begin('end', c, a, other)
  one.begin('after', b, c)
  assert.equal(refusals(one), ['2 refused: c,a,b'])
  assert.equal([one.book.awaitedBy(c), one.book.has(other)], [[], false])
})

test('what is urgently waited for by one that has not started is as urgent, along a chain and a diamond', () => {
  const one = rig()
  const [urgent, top, left, right, bottom] = [9, 0, 0, 0, 0].map((own, i) => named(`n${i}`, own))
  one.begin('after', left!, bottom!)
  one.begin('after', right!, bottom!)
  one.begin('after', top!, left!)
  one.begin('after', top!, right!)
  one.log.length = 0
  const wait = one.begin('end', urgent!, top!)
  assert.equal(one.log, ['n1 inherits 9', 'n2 inherits 9', 'n3 inherits 9', 'n4 inherits 9'])
  one.log.length = 0
  one.book.end(wait.by, wait.id)
  assert.equal(one.log, ['n1 inherits -Infinity', 'n2 inherits 0', 'n3 inherits 0', 'n4 inherits 0'])
})

test('one that is named twice in a wait is waited for once, whether that wait ends, gives way, or is over unsaid', () => {
  const [a, b, c] = [named('a', 9), named('b'), named('c')]
  const givesWay = rig()
  givesWay.begin('limited', a, b, b)
  givesWay.begin('end', b, a)
  assert.equal([refusals(givesWay), givesWay.book.awaitedBy(a), givesWay.book.awaitedBy(b)], [[], [], [a]])
  const isOver = rig()
  isOver.begin('end', a, b, b)
  isOver.begin('end', b, c, c)
  isOver.ended.add(b)
  isOver.begin('end', c, a)
  assert.equal([refusals(isOver), isOver.book.awaitedBy(c)], [[], [a]])
  const ends = rig()
  const { by, id } = ends.begin('end', a, b, b)
  ends.book.end(by, id)
  assert.is(ends.book.size, 0)
})

test('a wait for a time closes no cycle, and makes what it waits for as urgent as long as there is none', () => {
  const one = rig()
  const [urgent, bulk] = [named('urgent', 9), named('bulk')]
  one.begin('limited', urgent, bulk)
  assert.equal(one.log, ['bulk inherits 9'])
  const back = one.begin('end', bulk, urgent)
  assert.equal([refusals(one), one.book.awaitedBy(urgent), one.book.awaitedBy(bulk)], [[], [], [urgent]])
  // And the other way round: it does not count, and is not refused.
  one.begin('limited', urgent, bulk)
  assert.equal([refusals(one), one.book.awaitedBy(urgent)], [[], []])
  one.book.end(back.by, back.id)
  one.begin('limited', urgent, bulk)
  assert.equal(one.book.awaitedBy(urgent), [bulk])
})

test('a wait without a limit beside one with it counts', () => {
  const one = rig()
  const [a, b] = [named('a'), named('b')]
  one.begin('limited', a, b)
  one.begin('end', a, b)
  one.begin('end', b, a)
  assert.equal(refusals(one), ['3 refused: b,a'])
})

test('who awaits the start of one that waits for something awaits it no more; one that cannot start is another matter', () => {
  const one = rig()
  const [a, b, c] = [named('a'), named('b'), named('c')]
  one.begin('start', a, b)
  one.begin('end', b, a)
  assert.equal([refusals(one), one.book.awaitedBy(a)], [[], []])
  one.begin('after', c, b)
  one.begin('start', b, c)
  assert.equal(refusals(one), ['4 refused: b,c'])
})

test('a thread that is blocked is in a cycle through all its tasks', () => {
  const one = rig()
  const [block, other, outside] = [named('block'), named('other'), named('outside')]
  one.begin('end', outside, other)
  one.begin('thread', other, block)
  one.begin('end', block, outside)
  assert.equal(refusals(one), ['3 refused: block,outside,other'])
})

test('what has ended, and nobody has come to say so, closes no cycle, wherever in it it is', () => {
  for (const place of [0, 1, 2]) {
    const one = rig()
    const [a, b, c] = [named('a'), named('b'), named('c')]
    one.begin('end', a, b)
    one.begin('end', b, c)
    one.ended.add([a, b, c][place]!)
    one.begin('end', c, a)
    assert.equal(refusals(one), [], `${place}`)
    // Those that have not ended still wait for each other.
    one.begin('end', b, a)
    assert.equal(refusals(one), place === 2 ? ['4 refused: b,a'] : [], `${place}`)
  }
})

test('what a task that blocks its thread waits for besides keeps nobody from anything', () => {
  const one = rig()
  const [blocker, block, other, outside, last] = ['blocker', 'block', 'other', 'outside', 'last'].map(name =>
    named(name),
  ) as [WaitNode, WaitNode, WaitNode, WaitNode, WaitNode]
  one.begin('end', blocker, outside)
  for (const task of [blocker, other]) one.begin('thread', task, block)
  one.begin('end', block, last)
  one.begin('end', outside, other)
  assert.equal(refusals(one), [])
  // But this one closes a cycle.
  one.begin('end', last, blocker)
  assert.equal(refusals(one), ['6 refused: last,blocker,block'])
})

test('a wait that blocks its thread for a time is refused rather than those that it is in the way of', () => {
  for (const closing of ['blocking', 'end', 'after'] as const) {
    const one = rig()
    const [block, other, outside] = [named('block'), named('other'), named('outside')]
    one.begin('thread', other, block)
    if (closing !== 'blocking') one.begin('blocking', block, outside)
    one.begin(closing === 'blocking' ? 'end' : closing, outside, other)
    if (closing === 'blocking') one.begin('blocking', block, outside)
    assert.equal(refusals(one), [`${closing === 'blocking' ? 3 : 2} refused: block,outside,other`])
    assert.equal(one.book.awaitedBy(outside), [other])
  }
})

test.run()
