import { GreatestFirst, type Weighed } from './greatest-first.js'
import { cycleClosedBy, type Waiting } from './wait-cycle.js'

const NOTHING = Number.NEGATIVE_INFINITY

/** One that waits or is waited for: a task, or a thread that is blocked. */
export interface WaitNode {
  /** How it is called in the text of a cycle, such as `'index' on lane 'bulk'`. */
  readonly name: string
  /** The priority it has of its own: greater is more urgent, comparable across lanes. `WaitGraph.setOwn` changes it. */
  own: number
}

export interface WaitGraphObserver<N> {
  /**
   * What a node inherits has changed.
   *
   * It is called when the whole graph has its new state, and never twice in turn with the same priority. It may change
   * the graph: what comes of that is told when all that came before it has been.
   *
   * @param priority the greatest priority among all that wait for the node, directly or not; -Infinity if nothing does
   */
  inherits(node: N, priority: number): void
}

/** One waits for another. Its weight is the waiter's priority, as far as the awaited has been told of it. */
interface Wait<N extends WaitNode> extends Weighed {
  readonly waiter: Vertex<N>
  readonly awaited: Vertex<N>
  /** How often it was begun and not ended. */
  count: number
}

class Vertex<N extends WaitNode> implements Waiting<Vertex<N>> {
  readonly node: N
  readonly waits = new Map<Vertex<N>, Wait<N>>()
  readonly waitedFor = new GreatestFirst<Wait<N>>()
  /** The greater of its own priority and of what it inherits, as far as that has been followed. */
  priority: number
  inherited = NOTHING
  /** What the observer knows of it. */
  told = NOTHING

  constructor(node: N) {
    this.node = node
    this.priority = node.own
  }

  awaited(): Iterable<Vertex<N>> {
    return this.waits.keys()
  }

  *waiters(): Generator<Vertex<N>> {
    for (const { waiter } of this.waitedFor) yield waiter
  }
}

/**
 * Who waits for whom, and what is inherited through it: whatever an urgent one waits for is as urgent as that, and so is
 * what that waits for, for as long as the wait lasts.
 *
 * The priority of a node is the greater of its own and of what it inherits; it inherits the greatest priority of those
 * that wait for it. A wait that would close a cycle is refused, so there never is one.
 *
 * *What it costs.* A wait is begun for the walk that shows that it closes no cycle (`cycleClosedBy`), mostly none. Beyond
 * that only those are visited whose priority changes, and what they wait for, each once: when a priority of v falls, or
 * its wait ends, then only what had exactly v can fall, and each of those does when the last of its waiters that had v
 * has; what is left to it then is less than v, and so does not fall any more. A rise to v gives v to whatever has less.
 * Each such step costs the logarithm of the number of waiters.
 *
 * Nothing is kept of a node that neither waits nor is waited for.
 */
export class WaitGraph<N extends WaitNode> {
  readonly #observer: WaitGraphObserver<N>
  readonly #vertices = new Map<N, Vertex<N>>()
  /** Those that inherit another priority than before; the observer may not know it yet. */
  readonly #changed: Vertex<N>[] = []
  #isTelling = false

  constructor(observer: WaitGraphObserver<N>) {
    this.#observer = observer
  }

  /** How many nodes wait or are waited for. */
  get size(): number {
    return this.#vertices.size
  }

  /** Whether a node waits, or is waited for. */
  has(node: N): boolean {
    return this.#vertices.has(node)
  }

  /** The greatest priority of those that wait for a node; -Infinity if nothing does. */
  inherited(node: N): number {
    return this.#vertices.get(node)?.inherited ?? NOTHING
  }

  /** What a node waits for. */
  awaitedBy(node: N): N[] {
    const vertex = this.#vertices.get(node)
    return vertex === undefined ? [] : Array.from(vertex.awaited(), awaited => awaited.node)
  }

  /**
   * A node begins to wait for another; several waits of one for the same are counted.
   *
   * @returns null; or the cycle that it would have closed, and then it has not begun: first the waiter, then the
   *   awaited, then each that the one before it waits for. `cycleText` tells it.
   */
  wait(waiter: N, awaited: N): readonly N[] | null {
    if (waiter === awaited) return [waiter]
    const from = this.#vertices.get(waiter)
    const to = this.#vertices.get(awaited)
    if (from === undefined || to === undefined) {
      this.#join(from ?? this.#add(waiter), to ?? this.#add(awaited))
      return null
    }
    const same = from.waits.get(to)
    if (same !== undefined) {
      same.count++
      return null
    }
    const cycle = cycleClosedBy(from, to)
    if (cycle !== null) return cycle.map(({ node }) => node)
    this.#join(from, to)
    return null
  }

  /** One wait of a node for another is over. Nothing happens if there is none. */
  unwait(waiter: N, awaited: N): void {
    const from = this.#vertices.get(waiter)
    const to = this.#vertices.get(awaited)
    const wait = from && to && from.waits.get(to)
    if (wait === undefined || --wait.count > 0) return
    const moved: Vertex<N>[] = []
    this.#leave(wait, moved)
    this.#spread(moved)
  }

  /** Gives a node another priority of its own, whether it waits or not. */
  setOwn(node: N, priority: number): void {
    node.own = priority
    const vertex = this.#vertices.get(node)
    if (vertex === undefined) return
    const moved: Vertex<N>[] = []
    this.#update(vertex, moved)
    this.#spread(moved)
  }

  #add(node: N): Vertex<N> {
    const vertex = new Vertex(node)
    this.#vertices.set(node, vertex)
    return vertex
  }

  #dropIfAlone(vertex: Vertex<N>): void {
    // One of which there still is something to tell is dropped then.
    if (vertex.waits.size === 0 && vertex.waitedFor.size === 0 && vertex.told === NOTHING)
      this.#vertices.delete(vertex.node)
  }

  #join(waiter: Vertex<N>, awaited: Vertex<N>): void {
    const wait: Wait<N> = { waiter, awaited, count: 1, weight: waiter.priority, position: 0 }
    waiter.waits.set(awaited, wait)
    awaited.waitedFor.add(wait)
    const moved: Vertex<N>[] = []
    this.#update(awaited, moved)
    this.#spread(moved)
  }

  #leave(wait: Wait<N>, moved: Vertex<N>[]): void {
    const { waiter, awaited } = wait
    waiter.waits.delete(awaited)
    awaited.waitedFor.remove(wait)
    this.#update(awaited, moved)
    this.#dropIfAlone(waiter)
    this.#dropIfAlone(awaited)
  }

  /** Takes the priority of a vertex from what is known to it; if that moves it, those that it waits for are to know. */
  #update(vertex: Vertex<N>, moved: Vertex<N>[]): void {
    const inherited = vertex.waitedFor.greatest
    if (inherited !== vertex.inherited) {
      vertex.inherited = inherited
      this.#changed.push(vertex)
    }
    const priority = Math.max(vertex.node.own, inherited)
    if (priority === vertex.priority) return
    vertex.priority = priority
    moved.push(vertex)
  }

  /** Lets those whose priority has moved be felt by what they wait for, and so on. */
  #spread(moved: Vertex<N>[]): void {
    // What is moved in turn is appended, and comes to its turn: a chain may be longer than the stack is deep.
    for (const { waits, priority } of moved) {
      for (const wait of waits.values()) {
        wait.awaited.waitedFor.reweigh(wait, priority)
        this.#update(wait.awaited, moved)
      }
    }
    this.#tell()
  }

  #tell(): void {
    if (this.#isTelling || this.#changed.length === 0) return
    this.#isTelling = true
    let heard = 0
    try {
      // What the observer changes meanwhile is appended.
      for (const vertex of this.#changed) {
        heard++
        const { node, inherited, told } = vertex
        if (inherited === told) continue
        vertex.told = inherited
        this.#dropIfAlone(vertex)
        this.#observer.inherits(node, inherited)
      }
    } finally {
      // If the observer threw, the others are told of the next time.
      this.#changed.splice(0, heard)
      this.#isTelling = false
    }
  }
}
