import type { WaitKind } from './wait-book.js'

/** Where a task is that others wait for. */
export type Whereabouts =
  /** It has ended, or nothing is known that would keep it from that. */
  | { readonly at: 'end' }
  /** It has not started, and is not sent. */
  | { readonly at: 'queue'; readonly lane: string }
  /** It has not started, and is sent to a thread, which it may leave for another if it is not bound. It waits for no other task. */
  | { readonly at: 'sent'; readonly lane: string; readonly thread: number; readonly isBound: boolean }
  | { readonly at: 'thread'; readonly thread: number }
  /** No task, but a key: it waits for the one that has it. */
  | { readonly at: 'key' }

/** A thread that can do nothing until another task has ended or started, however long that takes. */
export interface BlockedThread<N> {
  readonly thread: number
  /** The task that blocks it. */
  readonly waiter: N
  readonly awaited: N
  /** What of the awaited it is that it waits for: its start, or its end. */
  readonly kind: WaitKind
}

/** What is known of tasks, threads and lanes at an instant. */
export interface StandstillSight<N, B extends BlockedThread<N>> {
  /** The oldest first. */
  readonly blocked: readonly B[]
  whereIs(node: N): Whereabouts
  /** The waits of a task that have not ended. */
  waitsOf(node: N): Iterable<{ readonly kind: WaitKind; readonly awaited: readonly N[] }>
  /** The threads of each lane, which may start any of its tasks; null if there may be more than there are now. */
  readonly crews: ReadonlyMap<string, readonly number[] | null>
}

/** A wait that cannot end, since its thread and others wait for each other. */
export interface Standstill<N, B extends BlockedThread<N>> {
  /** The youngest of the waits that block threads in the cycle. */
  readonly refused: B
  /** First its waiter, then each that the one before it waits for: tasks, keys, and a free thread of a lane. */
  readonly cycle: readonly Named[]
  /** All that is waited for and comes to no end: if anything of this is known wrongly, so may the rest be. */
  readonly stuck: readonly N[]
}

interface Named {
  readonly name: string
}

/** What keeps another from going on. */
type Hindrance<N, B> =
  | { readonly by: 'task'; readonly what: N }
  | { readonly by: 'thread'; readonly what: B }
  | { readonly by: 'lane'; readonly what: string }

/**
 * Finds threads that are blocked for ever although no task waits for itself.
 *
 * The cycles of a graph do not show these: a task that has not started needs *some* thread of its lane, and is stuck only
 * if each of them is blocked and none goes on. So what goes on is counted up instead, to the least fixed point of:
 *
 * - a blocked thread goes on if what it waits for comes to its end, or to its start if it waits for that;
 * - a task that has not started comes to its end if all that it is to start after do, and if some thread of its lane is not
 *   blocked or goes on, or the one that it is sent to; if it is bound to that, then no other;
 * - one that has started does if its thread is not blocked or goes on, and if it waits for nothing, or for one at least
 *   that comes to its end, or to its start if it waits for that: which of several it needs nobody knows.
 *
 * Whatever is left out waits for ever. What is not known to be stuck is taken to go on, so that nobody is refused for
 * nothing.
 *
 * @returns null if every thread may go on
 */
export function standstill<N extends Named, B extends BlockedThread<N>>(
  sight: StandstillSight<N, B>,
): Standstill<N, B> | null {
  return new Look(sight).found()
}

class Look<N extends Named, B extends BlockedThread<N>> {
  readonly #sight: StandstillSight<N, B>
  readonly #blocked = new Map<number, B>()
  readonly #whereabouts = new Map<N, Whereabouts>()
  /** Each after most of what it waits for, so that few rounds suffice. */
  readonly #nodes: N[] = []
  readonly #ends = new Set<N>()
  readonly #goesOn = new Set<number>()

  constructor(sight: StandstillSight<N, B>) {
    this.#sight = sight
    for (const blocked of sight.blocked) this.#blocked.set(blocked.thread, blocked)
    for (const { awaited } of sight.blocked) this.#reach(awaited)
    this.#countUp()
  }

  found(): Standstill<N, B> | null {
    const stuck = this.#sight.blocked.findLast(({ thread }) => !this.#goesOn.has(thread))
    if (stuck === undefined) return null
    const cycle = this.#cycleFrom({ by: 'thread', what: stuck })
    const threads = cycle.filter(({ by }) => by === 'thread').map(({ what }) => what)
    const refused = this.#sight.blocked.findLast(blocked => threads.includes(blocked))
    const first = cycle.findIndex(({ what }) => what === refused)
    return {
      // A cycle of tasks alone is refused as it is closed; a thread that waits for that is not in it.
      refused: refused ?? stuck,
      cycle:
        refused === undefined
          ? named([{ by: 'thread', what: stuck }, ...cycle])
          : named([...cycle.slice(first), ...cycle.slice(0, first)]),
      stuck: this.#nodes.filter(node => !this.#ends.has(node)),
    }
  }

  /** Takes in a task, and all that it waits for. */
  #reach(first: N): void {
    const open = [{ node: first, isDone: false }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, isDone } = next
      if (isDone) this.#nodes.push(node)
      if (isDone || this.#whereabouts.has(node)) continue
      this.#whereabouts.set(node, this.#sight.whereIs(node))
      open.push({ node, isDone: true })
      for (const { kind, awaited } of this.#sight.waitsOf(node))
        for (const other of kind === 'thread' ? [] : awaited) open.push({ node: other, isDone: false })
    }
  }

  #countUp(): void {
    const known = (): number => this.#ends.size + this.#goesOn.size
    for (let before = -1; before < known(); ) {
      before = known()
      for (const node of this.#nodes) {
        if (!this.#ends.has(node) && this.#hindranceOf(node) === null) this.#ends.add(node)
      }
      for (const { thread, awaited, kind } of this.#sight.blocked) {
        if (this.#comes(awaited, kind)) this.#goesOn.add(thread)
      }
    }
  }

  /** Why a task is not known to come to its end; null if it is. */
  #hindranceOf(node: N): Hindrance<N, B> | null {
    const where = this.#whereabouts.get(node)!
    switch (where.at) {
      case 'end':
        return null
      case 'key':
        return this.#isToStartAfter(node)
      case 'queue':
        return this.#isToStartAfter(node) ?? this.#jamOf(where.lane)
      case 'sent': {
        const standing = this.#standing(where.thread)
        return standing === null || where.isBound ? standing : this.#jamOf(where.lane)
      }
      case 'thread':
        return this.#standing(where.thread) ?? this.#waitsFor(node)
    }
  }

  #standing(thread: number): Hindrance<N, B> | null {
    const blocked = this.#blocked.get(thread)
    return blocked === undefined || this.#goesOn.has(thread) ? null : { by: 'thread', what: blocked }
  }

  #jamOf(lane: string): Hindrance<N, B> | null {
    return this.#inTheWayOf(lane) === null ? null : { by: 'lane', what: lane }
  }

  /** What keeps a thread of a lane, of which none may start a task. */
  #inTheWayOf(lane: string): Hindrance<N, B> | null {
    const crew = this.#sight.crews.get(lane) ?? null
    if (crew === null || crew.some(thread => this.#standing(thread) === null)) return null
    return { by: 'thread', what: this.#sight.blocked.findLast(({ thread }) => crew.includes(thread))! }
  }

  #isToStartAfter(node: N): Hindrance<N, B> | null {
    for (const { kind, awaited } of this.#sight.waitsOf(node)) {
      const missing = kind === 'after' ? awaited.find(other => !this.#ends.has(other)) : undefined
      if (missing !== undefined) return { by: 'task', what: missing }
    }
    return null
  }

  #waitsFor(node: N): Hindrance<N, B> | null {
    let hindrance: Hindrance<N, B> | null = null
    for (const { kind, awaited } of this.#sight.waitsOf(node)) {
      // Its thread has been looked at; and what it was to start after has been.
      if (kind === 'thread' || kind === 'after') continue
      if (kind === 'limited' || awaited.some(other => this.#comes(other, kind))) return null
      hindrance ??= { by: 'task', what: awaited[0]! }
    }
    return hindrance
  }

  #comes(node: N, kind: WaitKind): boolean {
    return this.#ends.has(node) || (kind === 'start' && this.#whereabouts.get(node)!.at === 'thread')
  }

  /** Follows what hinders what until that comes again. */
  #cycleFrom(first: Hindrance<N, B>): Hindrance<N, B>[] {
    // In the order in which they were come to.
    const path = new Map<N | B | string, Hindrance<N, B>>()
    let next = first
    for (; !path.has(next.what); next = this.#hindering(next)) path.set(next.what, next)
    const all = [...path.values()]
    return all.slice(all.findIndex(({ what }) => what === next.what))
  }

  #hindering(hindrance: Hindrance<N, B>): Hindrance<N, B> {
    switch (hindrance.by) {
      case 'task':
        return this.#hindranceOf(hindrance.what)!
      case 'thread':
        return { by: 'task', what: hindrance.what.awaited }
      case 'lane':
        return this.#inTheWayOf(hindrance.what)!
    }
  }
}

/** A thread goes by the name of the task that blocks it, which is mostly there already. */
function named<N extends Named, B extends BlockedThread<N>>(cycle: readonly Hindrance<N, B>[]): Named[] {
  const nodes = cycle.map(({ by, what }): Named => {
    if (by === 'lane') return { name: `a free thread of lane '${what}'` }
    return by === 'thread' ? what.waiter : what
  })
  return nodes.filter((node, at) => node !== nodes[(at + 1) % nodes.length])
}
