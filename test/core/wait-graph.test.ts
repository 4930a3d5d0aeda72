import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cycleText } from '#src/core/wait-cycle.js'
import { WaitGraph, type WaitNode } from '#src/core/wait-graph.js'
import { Random } from '../support/random.js'
import { ComparedGraph, NOTHING, type Step } from './wait-graph-model.js'

const test = suite('core: the wait graph')

function named(name: string, own = 0): WaitNode {
  return { name: `'${name}'`, own }
}

/** A graph with the log of what its observer is told. */
function logged() {
  const log: [name: string, priority: number][] = []
  const graph = new WaitGraph<WaitNode>({
    inherits: ({ name }, priority) => log.push([name.slice(1, -1), priority]),
  })
  return { graph, told: () => log.splice(0) }
}

const index = fc.nat(1000)
const priority = fc.constantFrom(NOTHING, -1, 0, 1, 2, 3, 4, 5)
const wait = fc.record({ kind: fc.constant('wait' as const), waiter: index, awaited: index })
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: wait },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('unwait' as const), waiter: index, awaited: index }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('setOwn' as const), node: index, priority }) },
)

test('whatever is done to it: cycles, what is inherited and what is told are as by going round from scratch', () => {
  const all = { refused: 0, longest: 0, rises: 0, falls: 0 }
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.array(steps, { maxLength: 80, size: 'max' }),
      (count, run) => {
        const compared = new ComparedGraph(count)
        for (const step of run) compared.step(step)
        compared.finish()
        const { seen } = compared
        all.refused += seen.refused
        all.longest = Math.max(all.longest, seen.longest)
        all.rises += seen.rises
        all.falls += seen.falls
      },
    ),
    { numRuns: 1000 },
  )
  assert.ok(
    all.refused > 1000 && all.longest > 4 && all.rises > 1000 && all.falls > 1000,
    JSON.stringify(all),
  )
})

test('the same in graphs that are larger and deeper', () => {
  for (const seed of [1, 2]) {
    const random = new Random(seed)
    const compared = new ComparedGraph(60)
    for (let i = 0; i < 1200; i++) {
      const [one, other] = [random.below(60), random.below(60)]
      // Mostly in one direction, so that chains grow before a cycle is refused.
      const [waiter, awaited] = random.chance(0.9) === one < other ? [one, other] : [other, one]
      const dice = random.below(100)
      if (dice < 55) compared.step({ kind: 'wait', waiter, awaited })
      else if (dice < 85) compared.step({ kind: 'unwait', waiter, awaited })
      else compared.step({ kind: 'setOwn', node: one, priority: random.below(8) })
    }
    assert.ok(compared.seen.longest > 3, `the longest cycle had ${compared.seen.longest}`)
    compared.finish()
  }
})

test('what an urgent one waits for, and what that waits for, is as urgent for as long as the wait lasts', () => {
  const { graph, told } = logged()
  const [urgent, middle, last] = [named('urgent', 9), named('middle', 3), named('last', 5)]
  graph.wait(middle, last)
  assert.equal(told(), [['last', 3]])
  graph.wait(urgent, middle)
  assert.equal(told(), [
    ['middle', 9],
    ['last', 9],
  ])
  graph.unwait(urgent, middle)
  assert.equal(told(), [
    ['middle', NOTHING],
    ['last', 3],
  ])
  assert.equal([graph.inherited(middle), graph.inherited(last), graph.size], [NOTHING, 3, 2])
  graph.unwait(middle, last)
  assert.equal([told(), graph.size], [[['last', NOTHING]], 0])
})

test('through a diamond each is told once, when it has fallen on all sides', () => {
  const { graph, told } = logged()
  const [top, left, right, bottom] = [named('top', 9), named('left', 1), named('right', 2), named('bottom')]
  graph.wait(left, bottom)
  graph.wait(right, bottom)
  graph.wait(top, left)
  assert.equal(told(), [
    ['bottom', 1],
    ['bottom', 2],
    ['left', 9],
    ['bottom', 9],
  ])
  graph.wait(top, right)
  assert.equal(told(), [['right', 9]])
  // One side still holds it up.
  graph.unwait(top, left)
  assert.equal(told(), [['left', NOTHING]])
  graph.wait(top, left)
  told()
  graph.setOwn(top, 0)
  assert.equal(told().sort(), [
    ['bottom', 2],
    ['left', 0],
    ['right', 0],
  ])
})

test('a wait that was begun twice lasts until it is ended twice', () => {
  const { graph, told } = logged()
  const [waiter, awaited] = [named('waiter', 7), named('awaited')]
  graph.wait(waiter, awaited)
  graph.wait(waiter, awaited)
  assert.equal([graph.awaitedBy(waiter), graph.size], [[awaited], 2])
  graph.unwait(waiter, awaited)
  assert.equal(told(), [['awaited', 7]])
  graph.unwait(waiter, awaited)
  graph.unwait(waiter, awaited)
  assert.equal([told(), graph.size], [[['awaited', NOTHING]], 0])
})

test('a priority counts from the moment at which it is set, before the first wait too', () => {
  const { graph, told } = logged()
  const [waiter, awaited] = [named('waiter', 1), named('awaited', 4)]
  graph.setOwn(waiter, 3)
  assert.is(graph.size, 0)
  graph.wait(waiter, awaited)
  graph.setOwn(waiter, 6)
  graph.setOwn(waiter, 6)
  graph.setOwn(awaited, 8)
  graph.setOwn(waiter, 2)
  assert.equal(told(), [
    ['awaited', 3],
    ['awaited', 6],
    ['awaited', 2],
  ])
})

test('a cycle is refused and named, and nothing has been added', () => {
  const { graph, told } = logged()
  const task = (name: string, lane: string): WaitNode => ({ name: `'${name}' on lane '${lane}'`, own: 0 })
  const [index, load, thread] = [
    task('index', 'bulk'),
    task('load', 'io'),
    { name: "a blocked thread of lane 'io'", own: 0 },
  ]
  graph.wait(index, load)
  graph.wait(load, thread)
  told()
  const cycle = graph.wait(thread, index)!
  assert.equal(cycle, [thread, index, load])
  assert.is(
    cycleText(cycle),
    "a blocked thread of lane 'io' would wait for 'index' on lane 'bulk', which waits for 'load' on lane 'io', " +
      "which waits for a blocked thread of lane 'io'",
  )
  assert.equal([told(), graph.size, graph.awaitedBy(thread)], [[], 3, []])
  // The two ways to it meet in the middle; it is the same once one of them has gone.
  graph.unwait(load, thread)
  assert.is(graph.wait(thread, index), null)
})

test('waiting for oneself is a cycle of one', () => {
  const { graph } = logged()
  const task = named('index')
  const cycle = graph.wait(task, task)!
  assert.equal([cycle, graph.size], [[task], 0])
  assert.is(cycleText(cycle), "'index' would wait for itself")
})

test('of a very long cycle the ends are named', () => {
  const { graph } = logged()
  const chain = Array.from({ length: 20_000 }, (_, place) => named(`task ${place}`))
  for (let place = 0; place + 1 < chain.length; place++) graph.wait(chain[place]!, chain[place + 1]!)
  const cycle = graph.wait(chain.at(-1)!, chain[0]!)!
  assert.is(cycle.length, chain.length)
  const text = cycleText(cycle)
  assert.match(
    text,
    /^'task 19999' would wait for 'task 0', which waits for 'task 1', which waits for 'task 2', /,
  )
  assert.match(text, /, which waits for \(19990 more\), which waits for 'task 19997', /)
  assert.match(text, /'task 19998', which waits for 'task 19999'$/)
})

test('an observer may change the graph, and is told in turn what came of it', () => {
  const log: string[] = []
  const [urgent, task, child, other] = [named('urgent', 9), named('task'), named('child'), named('other', 4)]
  const graph = new WaitGraph<WaitNode>({
    inherits: (node, priority) => {
      log.push(`${node.name} ${priority}`)
      if (node === task && priority === 9) {
        graph.unwait(urgent, task)
        assert.is(graph.inherited(child), 0)
        graph.wait(other, child)
      }
    },
  })
  graph.wait(task, child)
  graph.wait(urgent, task)
  // Of the child nothing was told meanwhile: it inherits from the other what it had not been told of yet.
  assert.equal(log, ["'child' 0", "'task' 9", "'child' 4", "'task' -Infinity"])
  for (const waiter of [task, other]) graph.unwait(waiter, child)
  assert.is(graph.size, 0)
})

test('what an observer that threw was not told of, it is told the next time', () => {
  const log: string[] = []
  const [urgent, task, child] = [named('urgent', 9), named('task', 1), named('child')]
  const graph = new WaitGraph<WaitNode>({
    inherits: ({ name }, priority) => {
      if (name === task.name) throw new Error('not now')
      log.push(`${name} ${priority}`)
    },
  })
  graph.wait(task, child)
  assert.throws(() => graph.wait(urgent, task), 'not now')
  graph.wait(named('other', 2), named('another'))
  assert.equal(log, ["'child' 1", "'child' 9", "'another' 2"])
})

test.run()
