import fc from 'fast-check'
import { GRAPH_LANES, type GraphNode } from './graph.js'
import { withoutBlindCycles } from './waits.js'

/** Which graphs there are to be. */
export interface GraphTerms {
  readonly minNodes: number
  readonly maxNodes: number
  /** How many of the lanes there are. */
  readonly lanes: number
  /** How many per cent of the nodes have a handle brought to them while they run, and so may be on a cycle. */
  readonly brought: number
  /** How many per cent are submitted by other nodes. */
  readonly nested: number
  /** How many per cent block their threads while they wait. */
  readonly blocking: number
  /** Whether nodes may leave those behind that they submit. */
  readonly leavesBehind: boolean
}

/** So many per cent; shrinks to what is not so. */
export const sometimes = (percent: number): fc.Arbitrary<boolean> => fc.nat(99).map(n => n >= 100 - percent)

/** Something in so many per cent; shrinks to null. */
const maybe = <T>(percent: number, what: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 100 - percent, arbitrary: fc.constant(null) },
    { weight: percent, arbitrary: what },
  )

/** Counted backwards, so that it stays the same node when others are taken away. */
const pick = fc.nat(15)

const seeds = ({ lanes, brought, nested, blocking }: GraphTerms) =>
  fc.record({
    lane: fc.nat(lanes - 1).map(n => GRAPH_LANES[n]!),
    priority: fc.nat(2),
    parent: maybe(nested, pick),
    after: maybe(20, fc.array(pick, { minLength: 1, maxLength: 2 })),
    given: fc.array(fc.record({ which: pick, isHeld: sometimes(20) }), { maxLength: 4 }),
    brought: maybe(brought, pick),
    isLeftBehind: sometimes(15),
    together: fc.boolean(),
    blocks: sometimes(blocking),
    catches: sometimes(60),
    takes: fc.nat(4),
    fails: sometimes(8),
    cancelled: sometimes(6),
  })

type NodeSeed = ReturnType<typeof seeds> extends fc.Arbitrary<infer T> ? T : never

/** Random graphs. Whatever is taken away or made smaller, what is left is a graph. */
export function graphs(terms: GraphTerms): fc.Arbitrary<GraphNode[]> {
  return fc
    .array(seeds(terms), { minLength: terms.minNodes, maxLength: terms.maxNodes, size: 'max' })
    .map(all => grow(all, terms.leavesBehind))
}

function grow(all: readonly NodeSeed[], leavesBehind: boolean): GraphNode[] {
  const nodes: GraphNode[] = []
  const parents = all.map(({ parent }, id) => (parent === null || id === 0 ? null : id - 1 - (parent % id)))
  const ownedByMain = all.flatMap((_, id) => (parents[id] === null ? [id] : []))
  const left = new Set<number>()
  for (const [id, seed] of all.entries()) {
    const { lane, priority, together, blocks, catches, takes, fails, cancelled } = seed
    const parent = parents[id]!
    const siblings = nodes.flatMap(node => (node.parent === parent ? [node.id] : []))
    const known = parent === null ? siblings : [...nodes[parent]!.given, ...siblings]
    const among = (pick: number): number[] =>
      known.length === 0 ? [] : [known.at(-1 - (pick % known.length))!]
    const held = new Set(seed.given.flatMap(({ which, isHeld }) => (isHeld ? among(which) : [])))
    const given = [...new Set(seed.given.flatMap(({ which }) => among(which)))]
    // Only those that main has submitted can it bring, and bring something to.
    const brought =
      seed.brought === null || parent !== null
        ? null
        : ownedByMain[(ownedByMain.indexOf(id) + seed.brought) % ownedByMain.length]!
    if (leavesBehind && parent !== null && seed.isLeftBehind) left.add(id)
    const after = [...new Set((seed.after ?? []).flatMap(among))]
    const awaits = given.filter(other => !held.has(other))
    const relations = { parent, given, brought, after, awaits }
    nodes.push({ id, lane, priority, ...relations, together, blocks, catches, takes, fails, cancelled })
  }
  const whole = nodes.map(node => {
    const kids = nodes.flatMap(({ id, parent }) => (parent === node.id && !left.has(id) ? [id] : []))
    const brought = node.brought === null ? [] : [node.brought]
    return { ...node, awaits: [...new Set([...node.awaits, ...kids, ...brought])] }
  })
  return withoutBlindCycles(whole)
}
