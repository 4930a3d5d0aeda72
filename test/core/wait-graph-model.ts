import * as assert from 'uvu/assert'
import { WaitGraph, type WaitNode } from '#src/core/wait-graph.js'

export const NOTHING = Number.NEGATIVE_INFINITY

/** One operation; nodes are numbers, taken modulo how many there are. */
export type Step =
  | { readonly kind: 'wait' | 'unwait'; readonly waiter: number; readonly awaited: number }
  | { readonly kind: 'setOwn'; readonly node: number; readonly priority: number }

interface Edge {
  readonly waiter: WaitNode
  readonly awaited: WaitNode
  count: number
}

/** The same as a wait graph, by lists of edges and from scratch each time. */
class NaiveGraph {
  edges: Edge[] = []

  edge(waiter: WaitNode, awaited: WaitNode): Edge | undefined {
    return this.edges.find(edge => edge.waiter === waiter && edge.awaited === awaited)
  }

  reaches(from: WaitNode, to: WaitNode): boolean {
    const reached = new Set([from])
    for (const one of reached)
      for (const edge of this.edges) if (edge.waiter === one) reached.add(edge.awaited)
    return reached.has(to)
  }

  /** @returns whether it was refused */
  wait(waiter: WaitNode, awaited: WaitNode): boolean {
    if (this.reaches(awaited, waiter)) return true
    const edge = this.edge(waiter, awaited)
    if (edge === undefined) this.edges.push({ waiter, awaited, count: 1 })
    else edge.count++
    return false
  }

  unwait(waiter: WaitNode, awaited: WaitNode): void {
    const edge = this.edge(waiter, awaited)
    if (edge !== undefined && --edge.count === 0) this.edges = this.edges.filter(one => one !== edge)
  }

  /** What every node inherits: the least fixed point, by going round until nothing changes. */
  inherited(nodes: readonly WaitNode[]): Map<WaitNode, number> {
    const found = new Map(nodes.map(node => [node, NOTHING]))
    for (let changes = true; changes; ) {
      changes = false
      for (const { waiter, awaited } of this.edges) {
        const priority = Math.max(waiter.own, found.get(waiter)!)
        if (priority <= found.get(awaited)!) continue
        found.set(awaited, priority)
        changes = true
      }
    }
    return found
  }
}

/** A wait graph beside a naive one: each step is made on both, and everything that can be seen is compared. */
export class ComparedGraph {
  readonly nodes: readonly WaitNode[]
  readonly graph: WaitGraph<WaitNode>
  readonly #naive = new NaiveGraph()
  /** What every node inherits, as the naive graph has it after the present step. */
  #expected: Map<WaitNode, number>
  /** What the observer was told last of each node. */
  readonly #told = new Map<WaitNode, number>()
  readonly seen = { refused: 0, longest: 0, rises: 0, falls: 0 }

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, index) => ({ name: `n${index}`, own: index % 4 }))
    this.#expected = this.#naive.inherited(this.nodes)
    this.graph = new WaitGraph<WaitNode>({
      inherits: (node, priority) => {
        const before = this.#told.get(node) ?? NOTHING
        assert.is.not(priority, before, `${node.name} is told what it knows`)
        this.seen[priority > before ? 'rises' : 'falls']++
        this.#told.set(node, priority)
        this.#compareInherited()
      },
    })
  }

  step(step: Step): void {
    const { nodes } = this
    const at = (index: number) => nodes[index % nodes.length]!
    switch (step.kind) {
      case 'wait':
        this.#wait(at(step.waiter), at(step.awaited))
        break
      case 'unwait':
        this.#unwait(at(step.waiter), at(step.awaited))
        break
      case 'setOwn':
        this.#setOwn(at(step.node), step.priority)
        break
    }
    this.#compare()
  }

  /** Ends all waits, one after another. */
  finish(): void {
    for (const { waiter, awaited, count } of [...this.#naive.edges]) {
      for (let left = count; left > 0; left--) this.#unwait(waiter, awaited)
      this.#compare()
    }
    assert.is(this.graph.size, 0)
  }

  #unwait(waiter: WaitNode, awaited: WaitNode): void {
    this.#naive.unwait(waiter, awaited)
    this.#expect()
    this.graph.unwait(waiter, awaited)
  }

  #wait(waiter: WaitNode, awaited: WaitNode): void {
    const refused = this.#naive.wait(waiter, awaited)
    this.#expect()
    const cycle = this.graph.wait(waiter, awaited)
    assert.is(cycle !== null, refused, `${waiter.name} waits for ${awaited.name}`)
    if (cycle === null) return
    this.seen.refused++
    this.seen.longest = Math.max(this.seen.longest, cycle.length)
    assert.is(cycle[0], waiter)
    assert.is(cycle[1 % cycle.length], awaited)
    assert.is(new Set(cycle).size, cycle.length, 'none is in the cycle twice')
    for (const [index, one] of cycle.entries()) {
      const next = cycle[(index + 1) % cycle.length]!
      if (index > 0) assert.ok(this.#naive.edge(one, next), `${one.name} does not wait for ${next.name}`)
    }
  }

  #setOwn(node: WaitNode, priority: number): void {
    const before = node.own
    node.own = priority
    this.#expect()
    node.own = before
    this.graph.setOwn(node, priority)
    assert.is(node.own, priority)
  }

  #expect(): void {
    this.#expected = this.#naive.inherited(this.nodes)
  }

  #compareInherited(): void {
    for (const [node, priority] of this.#expected)
      assert.is(this.graph.inherited(node), priority, `what ${node.name} inherits`)
  }

  #compare(): void {
    this.#compareInherited()
    const { edges } = this.#naive
    for (const node of this.nodes) {
      assert.is(this.#told.get(node) ?? NOTHING, this.#expected.get(node), `what is told of ${node.name}`)
      const awaited = edges.filter(({ waiter }) => waiter === node).map(edge => edge.awaited)
      assert.is(named(this.graph.awaitedBy(node)), named(awaited))
    }
    assert.is(this.graph.size, new Set(edges.flatMap(({ waiter, awaited }) => [waiter, awaited])).size)
  }
}

function named(nodes: readonly WaitNode[]): string {
  return nodes
    .map(({ name }) => name)
    .sort()
    .join()
}
