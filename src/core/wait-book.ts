import { SmallSet } from './small-set.js'
import { WaitGraph, type WaitGraphObserver, type WaitNode } from './wait-graph.js'

/** How one waits for others; `WaitBook` says what comes of it. */
export type WaitKind = 'end' | 'start' | 'limited' | 'blocking' | 'thread' | 'after'

/** A wait as it is begun. */
export interface BegunWait<N> {
  /** Whoever has told of it, and the number that it has there. */
  readonly by: number
  readonly id: number
  readonly kind: WaitKind
  readonly waiter: N
  readonly awaited: readonly N[]
}

export interface WaitBookObserver<N> extends WaitGraphObserver<N> {
  /**
   * A wait would never end: it is over.
   *
   * @param cycle first its waiter, then each that the one before it waits for
   */
  refused(wait: BegunWait<N>, cycle: readonly N[]): void

  /** Whether one has ended for good, though whoever would say so has not come to it. */
  hasEnded(node: N): boolean
}

interface BookedWait<N> extends BegunWait<N> {
  /** Greater than that of all that began before. */
  readonly order: number
  /** Those of the awaited for which it counts. */
  counted: N[]
}

/**
 * The waits that there are, told apart by what ends them, and what becomes of a cycle.
 *
 * | kind      | waits for                                              | in a cycle                                         |
 * |-----------|--------------------------------------------------------|----------------------------------------------------|
 * | `end`     | the end of others: a task awaits them, or blocks its   | is refused                                         |
 * |           | thread                                                 |                                                    |
 * | `start`   | the start of another                                   | is refused if that cannot start; if it runs, the   |
 * |           |                                                        | wait is over, and nobody has told it yet: gives way|
 * | `limited` | the end or start of others, for a time                 | gives way: it ends by itself, and the cycle with it|
 * | `blocking`| the same, and its thread is blocked meanwhile          | is refused, before any other: it is in vain        |
 * | `thread`  | that which blocks the thread of the waiter             | stays                                              |
 * | `after`   | the end of others, before it starts; the turn of its   | stays                                              |
 * |           | key, or being a key, the one that has the turn         |                                                    |
 *
 * What gives way does not count any more for those of the cycle. It would have handed on what is inherited, but in a
 * cycle nothing can go on by it.
 *
 * What has ended is in nobody's way, though it may take long until that is told, since loops are held. So it is looked for
 * before anything is refused: its waits, and those for it, count no more.
 *
 * What blocks a thread is a node of its own. All that has started there waits for it, the task that blocks it among them,
 * and it waits for what that task asks for just now. So what else the task may wait for is in nobody's way.
 *
 * A wait of the kind `after` is never refused. It is there from the moment at which its waiter is submitted, so before
 * anybody can wait for that: of all waits of a cycle the last to begin is one that a task began, and that is the one to
 * refuse. But which of two becomes known first is a matter of chance. So where it is one of the kind `after` that closes
 * the cycle, the youngest of those in it that can be refused is.
 */
export class WaitBook<N extends WaitNode> {
  readonly #graph: WaitGraph<N>
  readonly #observer: WaitBookObserver<N>
  readonly #byTeller = new Map<number, Map<number, BookedWait<N>>>()
  readonly #byWaiter = new Map<N, SmallSet<BookedWait<N>>>()
  #last = 0

  constructor(observer: WaitBookObserver<N>) {
    this.#observer = observer
    this.#graph = new WaitGraph(observer)
  }

  /** How many nodes wait or are waited for. */
  get size(): number {
    return this.#graph.size
  }

  /** Whether a node waits, or is waited for. */
  has(node: N): boolean {
    return this.#graph.has(node)
  }

  /** What a node waits for. */
  awaitedBy(node: N): N[] {
    return this.#graph.awaitedBy(node)
  }

  /** The waits of a node that have not ended. */
  waitsOf(node: N): Iterable<BegunWait<N>> {
    return this.#byWaiter.get(node) ?? []
  }

  /** The greatest priority of those that wait for a node; -Infinity if nothing does. */
  inherited(node: N): number {
    return this.#graph.inherited(node)
  }

  /** Gives a node another priority of its own. */
  setOwn(node: N, priority: number): void {
    this.#graph.setOwn(node, priority)
  }

  /** A wait has begun. If it is refused, that is told within the call, and nothing is left of it. */
  begin(begun: BegunWait<N>): void {
    const { by, id, waiter, awaited } = begun
    const wait: BookedWait<N> = { ...begun, order: ++this.#last, counted: [] }
    let told = this.#byTeller.get(by)
    if (told === undefined) {
      told = new Map()
      this.#byTeller.set(by, told)
    }
    told.set(id, wait)
    let same = this.#byWaiter.get(waiter)
    if (same === undefined) {
      same = new SmallSet()
      this.#byWaiter.set(waiter, same)
    }
    same.add(wait)
    // Each counts once, so that nothing is left in the graph of a wait that counts no more.
    for (const one of new Set(awaited)) {
      const cycle = this.#count(wait, one)
      if (cycle === null) continue
      this.#refuse(wait, cycle)
      return
    }
  }

  /** A wait is over. @returns it; undefined if there is none of this number, as of one that was refused */
  end(by: number, id: number): BegunWait<N> | undefined {
    const wait = this.#byTeller.get(by)?.get(id)
    if (wait !== undefined) this.#remove(wait)
    return wait
  }

  /** The numbers of the waits that one has told of. */
  toldBy(by: number): number[] {
    return [...(this.#byTeller.get(by)?.keys() ?? [])]
  }

  /**
   * Counts a wait for one of the awaited, if need be in the place of others.
   *
   * @returns the cycle for which it is to be refused; null if it is not, whether it counts or gives way
   */
  #count(wait: BookedWait<N>, awaited: N): readonly N[] | null {
    for (;;) {
      const cycle = this.#graph.wait(wait.waiter, awaited)
      if (cycle === null) {
        wait.counted.push(awaited)
        return null
      }
      if (this.#givesWay(wait, [...this.#between(cycle, 1)])) return null
      if (this.#clearWay(cycle, wait)) continue
      const ended = cycle.findIndex(node => this.#observer.hasEnded(node))
      if (ended === 0 || ended === 1) return null
      if (ended > 1 && [ended - 1, ended].filter(place => this.#uncount(cycle, place)).length > 0) continue
      const [inVain, place] = this.#youngestIn(cycle, isInVain)
      if (canBeRefused(wait) && (inVain === null || isInVain(wait))) return cycle
      const [youngest, from] = inVain === null ? this.#youngestIn(cycle, canBeRefused) : [inVain, place]
      if (youngest === null) return null
      this.#refuse(youngest, [...cycle.slice(from), ...cycle.slice(0, from)])
    }
  }

  /** The waits of the one at a place of the cycle for the one after it; none of the one that would close it. */
  *#between(cycle: readonly N[], place: number): Generator<BookedWait<N>> {
    const waiter = cycle[place]
    if (waiter === undefined) return
    const awaited = cycle[(place + 1) % cycle.length]!
    for (const wait of this.#byWaiter.get(waiter) ?? []) if (wait.counted.includes(awaited)) yield wait
  }

  /** @param next the waits of whoever is waited for */
  #givesWay({ kind }: BookedWait<N>, next: readonly BookedWait<N>[]): boolean {
    if (kind === 'limited') return true
    // Who waits otherwise than before its start has started.
    return kind === 'start' && next.some(({ kind }) => kind !== 'after')
  }

  /** Has what is in a cycle give way that can. @returns whether the cycle is none any more */
  #clearWay(cycle: readonly N[], closing: BookedWait<N>): boolean {
    for (let place = 1; place < cycle.length; place++) {
      const waits = [...this.#between(cycle, place)]
      const isLast = place === cycle.length - 1
      const next = isLast ? [closing] : [...this.#between(cycle, place + 1)]
      if (waits.every(wait => this.#givesWay(wait, next)) && this.#uncount(cycle, place)) return true
    }
    return false
  }

  /** The waits of the one at a place of a cycle for the one after it count no more. @returns whether there was any */
  #uncount(cycle: readonly N[], place: number): boolean {
    const awaited = cycle[(place + 1) % cycle.length]!
    let counted = false
    for (const wait of this.#between(cycle, place)) {
      wait.counted = wait.counted.filter(one => one !== awaited)
      this.#graph.unwait(wait.waiter, awaited)
      counted = true
    }
    return counted
  }

  /** The last to begin of such waits in a cycle, and the place of its waiter. */
  #youngestIn(
    cycle: readonly N[],
    isSuch: (wait: BookedWait<N>) => boolean,
  ): readonly [wait: BookedWait<N> | null, place: number] {
    let youngest: BookedWait<N> | null = null
    let at = 0
    for (let place = 1; place < cycle.length; place++) {
      for (const wait of this.#between(cycle, place)) {
        if (!isSuch(wait) || (youngest !== null && youngest.order > wait.order)) continue
        youngest = wait
        at = place
      }
    }
    return [youngest, at]
  }

  #refuse(wait: BookedWait<N>, cycle: readonly N[]): void {
    this.#remove(wait)
    this.#observer.refused(wait, cycle)
  }

  #remove(wait: BookedWait<N>): void {
    const { by, id, waiter, counted } = wait
    const own = this.#byTeller.get(by)!
    own.delete(id)
    if (own.size === 0) this.#byTeller.delete(by)
    const same = this.#byWaiter.get(waiter)!
    same.delete(wait)
    if (same.size === 0) this.#byWaiter.delete(waiter)
    wait.counted = []
    for (const awaited of counted) this.#graph.unwait(waiter, awaited)
  }
}

function canBeRefused({ kind }: { readonly kind: WaitKind }): boolean {
  return kind === 'end' || kind === 'start' || kind === 'blocking'
}

/** In a cycle. As long as it lasts, so does the cycle. */
function isInVain({ kind }: { readonly kind: WaitKind }): boolean {
  return kind === 'blocking'
}
