/** One that waits for others, and is waited for. */
export interface Waiting<V> {
  /** What it waits for. */
  awaited(): Iterable<V>
  /** What waits for it. */
  waiters(): Iterable<V>
}

/**
 * The cycle that one more wait would close, or null.
 *
 * It walks from the awaited along what that waits for, and from the waiter along what waits for that, one step here and
 * one there, and ends as soon as either way is at its end: what waits for nothing, and what nothing waits for, costs
 * nothing, however many waits there are on its other side.
 *
 * @returns first the waiter, then the awaited, then each that the one before it waits for; the last waits for the
 *   waiter. None comes twice, as long as there has been no cycle before.
 */
export function cycleClosedBy<V extends Waiting<V>>(waiter: V, awaited: V): V[] | null {
  if (waiter === awaited) return [waiter]
  // What each was reached from. A map is iterated in the order of arrival, so it is the queue of its walk, too.
  const ahead = new Map<V, V | null>([[awaited, null]])
  const behind = new Map<V, V | null>([[waiter, null]])
  const forth = walk(ahead, vertex => vertex.awaited())
  const back = walk(behind, vertex => vertex.waiters())
  for (;;) {
    const further = forth.next()
    if (further.done) return null
    if (behind.has(further.value)) return joined(ahead, behind, further.value)
    const earlier = back.next()
    if (earlier.done) return null
    if (ahead.has(earlier.value)) return joined(ahead, behind, earlier.value)
  }
}

/** Breadth first, so that the cycle that is named is a short one. */
function* walk<V>(reached: Map<V, V | null>, next: (from: V) => Iterable<V>): Generator<V, void> {
  for (const from of reached.keys()) {
    for (const vertex of next(from)) {
      if (!reached.has(vertex)) reached.set(vertex, from)
      yield vertex
    }
  }
}

function joined<V>(ahead: ReadonlyMap<V, V | null>, behind: ReadonlyMap<V, V | null>, meeting: V): V[] {
  const path = [...traced(ahead, meeting).reverse(), ...traced(behind, meeting).slice(1)]
  const waiter = path.pop()!
  return [waiter, ...path]
}

/** From one that was reached to where the walk began. */
function traced<V>(reached: ReadonlyMap<V, V | null>, end: V): V[] {
  const path: V[] = []
  for (let vertex: V | null = end; vertex !== null; vertex = reached.get(vertex) ?? null) path.push(vertex)
  return path
}

const NAMED_FIRST = 6
const NAMED_LAST = 2

/**
 * Tells a refused cycle, such as `'a' would wait for 'b', which waits for 'c', which waits for 'a'`. Of a very long one
 * it names the ends.
 *
 * @param cycle as `WaitGraph.wait` returned it
 */
export function cycleText(cycle: readonly { readonly name: string }[]): string {
  const [waiter, awaited, ...others] = cycle.map(({ name }) => name)
  if (waiter === undefined) return ''
  if (awaited === undefined) return `${waiter} would wait for itself`
  const between = others.length - NAMED_FIRST - NAMED_LAST
  if (between > 1) others.splice(NAMED_FIRST, between, `(${between} more)`)
  return [`${waiter} would wait for ${awaited}`, ...others, waiter].join(', which waits for ')
}
