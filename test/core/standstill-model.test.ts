import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BlockedThread, standstill, type Whereabouts } from '#src/core/standstill.js'
import type { WaitKind } from '#src/core/wait-book.js'

const test = suite('core: threads that block each other, beside a model')

interface Plan {
  readonly where: Whereabouts
  readonly waits: readonly { readonly kind: WaitKind; readonly awaited: readonly number[] }[]
}

interface Scene {
  readonly tasks: readonly Plan[]
  /** By thread: the task it is blocked by a wait for, if it is. */
  readonly blocked: readonly (readonly [awaited: number, kind: WaitKind] | null)[]
  readonly crews: Readonly<Record<string, readonly number[] | null>>
}

const THREADS = 4
const TASKS = 7
const task = fc.nat(TASKS - 1)
const thread = fc.nat(THREADS - 1)
const lane = fc.constantFrom('a', 'b')
const where: fc.Arbitrary<Whereabouts> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ at: 'end' as const }) },
  { weight: 4, arbitrary: lane.map(of => ({ at: 'queue' as const, lane: of })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(lane, thread, fc.boolean())
      .map(([of, on, isBound]) => ({ at: 'sent' as const, lane: of, thread: on, isBound })),
  },
  { weight: 4, arbitrary: thread.map(on => ({ at: 'thread' as const, thread: on })) },
)
const wait = fc.record({
  kind: fc.constantFrom<WaitKind>('end', 'end', 'start', 'limited', 'after'),
  awaited: fc.uniqueArray(task, { minLength: 1, maxLength: 3 }),
})
const plan: fc.Arbitrary<Plan> = fc.record({ where, waits: fc.array(wait, { maxLength: 2 }) })
const blocking = fc.tuple(task, fc.constantFrom<WaitKind>('end', 'end', 'start'))
const scene: fc.Arbitrary<Scene> = fc.record({
  tasks: fc.array(plan, { minLength: TASKS, maxLength: TASKS }),
  blocked: fc.array(
    fc.oneof({ weight: 3, arbitrary: blocking }, { weight: 1, arbitrary: fc.constant(null) }),
    {
      minLength: THREADS,
      maxLength: THREADS,
    },
  ),
  crews: fc.constantFrom<Scene['crews']>(
    { a: [0, 1], b: [2, 3] },
    { a: [0, 1, 2], b: [3] },
    { a: [0, 1], b: null },
  ),
})

/** What can still happen, tried one thing after another until nothing more does. */
function played({ tasks, blocked, crews }: Scene) {
  const ended = new Set<number>()
  const going = new Set<number>()
  const isOver = ([awaited, kind]: readonly [number, WaitKind]): boolean =>
    ended.has(awaited) || (kind === 'start' && tasks[awaited]!.where.at === 'thread')
  const hasThread = (of: string): boolean => crews[of]?.some(on => going.has(on)) ?? true
  const mayStart = ({ waits }: Plan): boolean =>
    waits.every(({ kind, awaited }) => kind !== 'after' || awaited.every(other => ended.has(other)))
  const mayEnd = ({ waits }: Plan): boolean => {
    const own = waits.filter(({ kind }) => kind !== 'after')
    const ends = own.some(
      ({ kind, awaited }) => kind === 'limited' || awaited.some(other => isOver([other, kind])),
    )
    return own.length === 0 || ends
  }
  const ends = (one: Plan): boolean => {
    const place = one.where
    switch (place.at) {
      case 'queue':
        return mayStart(one) && hasThread(place.lane)
      case 'sent':
        return going.has(place.thread) || (!place.isBound && hasThread(place.lane))
      case 'thread':
        return going.has(place.thread) && mayEnd(one)
      default:
        return true
    }
  }
  for (let before = -1; before < ended.size + going.size; ) {
    before = ended.size + going.size
    for (const [on, block] of blocked.entries()) if (block === null || isOver(block)) going.add(on)
    for (const [number, one] of tasks.entries()) if (ends(one)) ended.add(number)
  }
  return { ended, going }
}

interface Node {
  readonly name: string
  readonly number: number
}

function found({ tasks, blocked, crews }: Scene) {
  const nodes = tasks.map((_, number): Node => ({ name: `${number}`, number }))
  const threads = blocked.flatMap((block, on): BlockedThread<Node>[] => {
    if (block === null) return []
    const [awaited, kind] = block
    return [{ thread: on, waiter: { name: `blocks ${on}`, number: -1 }, awaited: nodes[awaited]!, kind }]
  })
  return standstill<Node, BlockedThread<Node>>({
    blocked: threads,
    whereIs: ({ number }) => tasks[number]!.where,
    waitsOf: ({ number }) =>
      tasks[number]!.waits.map(({ kind, awaited }) => ({
        kind,
        awaited: awaited.map(other => nodes[other]!),
      })),
    crews: new Map(Object.entries(crews)),
  })
}

test('a wait is refused exactly if its thread can never go on, and on account of none that can', () => {
  let refusals = 0
  fc.assert(
    fc.property(scene, one => {
      const { ended, going } = played(one)
      const standing = found(one)
      assert.is(standing === null, going.size === THREADS)
      if (standing === null) return
      refusals++
      assert.not(going.has(standing.refused.thread))
      for (const { number } of standing.stuck) assert.not(ended.has(number))
      assert.is(standing.cycle[0], standing.refused.waiter)
    }),
    { numRuns: 5_000, seed: 1 },
  )
  assert.ok(refusals > 500, `${refusals} refusals`)
})

test.run()
