import * as assert from 'uvu/assert'
import { type BegunWait, WaitBook, type WaitKind } from '#src/core/wait-book.js'
import type { WaitNode } from '#src/core/wait-graph.js'
import { NOTHING } from './wait-graph-model.js'

/** One operation; nodes and waits are numbers, taken modulo how many there are. */
export type BookStep =
  | {
      readonly kind: WaitKind
      readonly by: number
      readonly waiter: number
      readonly awaited: readonly number[]
    }
  | { readonly kind: 'over'; readonly wait: number }
  | { readonly kind: 'gone'; readonly by: number }
  | { readonly kind: 'own'; readonly node: number; readonly priority: number }

type Node = WaitNode & { readonly index: number }
type Wait = BegunWait<Node>
type Edge = readonly [waiter: Node, awaited: Node]

const TELLERS = 3

/** A book of waits beside a list of them: after each step everything that must hold is looked for from scratch. */
export class CheckedBook {
  readonly nodes: readonly Node[]
  readonly book: WaitBook<Node>
  readonly seen = { refused: 0, refusedForAfter: 0, gaveWay: 0, longest: 0, inherited: 0 }
  /** Those that have begun, and are neither over nor refused. */
  #open: Wait[] = []
  /** The one that the present step has begun. */
  #new: Wait | null = null
  #lastId = 0
  readonly #runs = new Set<Node>()
  /** What has given way before, by its wait and whom that was for. */
  readonly #gaveWay = new Set<string>()
  readonly #told = new Map<Node, number>()

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, index) => ({ name: `n${index}`, own: index % 4, index }))
    this.book = new WaitBook<Node>({
      inherits: (node, priority) => this.#told.set(node, priority),
      refused: (wait, cycle) => this.#refused(wait, cycle),
      hasEnded: () => false,
    })
  }

  step(step: BookStep): void {
    const before = this.#edges()
    switch (step.kind) {
      case 'over': {
        const wait = this.#open[step.wait % Math.max(1, this.#open.length)]
        if (wait === undefined) return
        this.#open = this.#open.filter(one => one !== wait)
        const ended = this.book.end(wait.by, wait.id)
        assert.is(ended?.waiter, wait.waiter)
        assert.is(this.book.end(wait.by, wait.id), undefined)
        break
      }
      case 'gone': {
        const by = step.by % TELLERS
        const ids = this.book.toldBy(by)
        const open = this.#open.filter(wait => wait.by === by).map(({ id }) => id)
        assert.equal([...ids].sort(), [...open].sort())
        this.#open = this.#open.filter(wait => wait.by !== by)
        for (const id of ids) this.book.end(by, id)
        break
      }
      case 'own':
        this.book.setOwn(this.#node(step.node), step.priority)
        break
      default:
        this.#begin(step)
    }
    this.#check(before)
    this.#new = null
  }

  /** All waits end. */
  finish(): void {
    for (let by = 0; by < TELLERS; by++) this.step({ kind: 'gone', by })
    assert.is(this.book.size, 0)
    for (const node of this.nodes) assert.not.ok(this.book.has(node))
  }

  #begin({ kind, by, waiter, awaited }: Extract<BookStep, { readonly awaited: unknown }>): void {
    const node = this.#node(waiter)
    let others = [...new Set(awaited.map(index => this.#node(index)))]
    // What a task is to start after was there before it.
    if (kind === 'after') others = others.filter(({ index }) => index < node.index)
    // And what runs is to start after nothing.
    const running = kind === 'after' ? [] : kind === 'thread' ? [node, ...others] : [node]
    // What blocks a thread is new when others begin to wait for it.
    if (kind === 'thread' && others.some(one => one === node || this.#isKnown(one))) return
    if (kind === 'after' && this.#runs.has(node)) return
    if (running.some(one => this.#open.some(wait => wait.kind === 'after' && wait.waiter === one))) return
    if (others.length === 0) return
    for (const one of running) this.#runs.add(one)
    const wait = { by: by % TELLERS, id: ++this.#lastId, kind, waiter: node, awaited: others }
    this.#open.push(wait)
    this.#new = wait
    this.book.begin(wait)
  }

  /** Whether one has a part in a wait. */
  #isKnown(node: Node): boolean {
    return this.#open.some(({ waiter, awaited }) => waiter === node || awaited.includes(node))
  }

  #refused(wait: Wait, cycle: readonly Node[]): void {
    assert.ok(['end', 'start', 'blocking'].includes(wait.kind), `${wait.kind} was refused`)
    this.seen.refused++
    if (this.#new?.kind === 'after') this.seen.refusedForAfter++
    this.seen.longest = Math.max(this.seen.longest, cycle.length)
    assert.is(new Set(cycle).size, cycle.length, 'none is in the cycle twice')
    assert.is(cycle[0], wait.waiter)
    assert.ok(wait.awaited.includes(cycle[1 % cycle.length]!))
    for (const [place, one] of cycle.entries()) {
      const next = cycle[(place + 1) % cycle.length]!
      const between = this.#between(one, next)
      if (between.some(({ kind }) => kind === 'blocking'))
        assert.is(wait.kind, 'blocking', 'another is in vain, and was not refused')
      assert.ok(
        between.some(({ kind }) => kind !== 'limited'),
        `${one.name} does not wait for ${next.name} for ever`,
      )
    }
    this.#open = this.#open.filter(({ by, id }) => by !== wait.by || id !== wait.id)
  }

  #check(before: readonly Edge[]): void {
    const edges = this.#edges()
    assert.not.ok(hasCycle(edges), 'there is a cycle')
    for (const [waiter, awaited] of edges)
      assert.ok(this.#between(waiter, awaited).length > 0, `${waiter.name} waits for ${awaited.name} no more`)
    const forEver = this.#open.filter(({ kind }) => ['end', 'blocking', 'after', 'thread'].includes(kind))
    assert.not.ok(hasCycle(forEver.flatMap(edgesOf)), 'some wait for each other for ever')
    this.#checkLost(before, edges)
    this.#checkInherited(edges)
  }

  /** What counts no more, or never did, gives way in a cycle; nothing that lasts is lost otherwise. */
  #checkLost(before: readonly Edge[], edges: readonly Edge[]): void {
    // The one that has just begun may have been refused for another of those that it would wait for.
    const all = [...before, ...this.#open.flatMap(edgesOf), ...(this.#new === null ? [] : edgesOf(this.#new))]
    for (const wait of this.#open) {
      for (const edge of edgesOf(wait)) {
        if (has(edges, edge)) continue
        const name = `${wait.id}:${edge[1].index}`
        if (this.#gaveWay.has(name)) continue
        this.#gaveWay.add(name)
        this.seen.gaveWay++
        assert.ok(['limited', 'start'].includes(wait.kind), `${wait.kind} gave way`)
        const [waiter, awaited] = edge
        assert.ok(waiter === awaited || reaches(all, awaited, waiter), 'it gave way, and there is no cycle')
      }
    }
  }

  #checkInherited(edges: readonly Edge[]): void {
    const expected = new Map(this.nodes.map(node => [node, NOTHING]))
    for (let changes = true; changes; ) {
      changes = false
      for (const [waiter, awaited] of edges) {
        const priority = Math.max(waiter.own, expected.get(waiter)!)
        if (priority <= expected.get(awaited)!) continue
        expected.set(awaited, priority)
        changes = true
      }
    }
    for (const [node, priority] of expected) {
      assert.is(this.book.inherited(node), priority, `what ${node.name} inherits`)
      assert.is(this.#told.get(node) ?? NOTHING, priority, `what is told of ${node.name}`)
      if (priority > node.own) this.seen.inherited++
    }
  }

  #node(index: number): Node {
    return this.nodes[index % this.nodes.length]!
  }

  #edges(): Edge[] {
    return this.nodes.flatMap(node => this.book.awaitedBy(node).map(awaited => [node, awaited] as const))
  }

  #between(waiter: Node, awaited: Node): Wait[] {
    return this.#open.filter(wait => wait.waiter === waiter && wait.awaited.includes(awaited))
  }
}

function edgesOf({ waiter, awaited }: Wait): Edge[] {
  return awaited.map(one => [waiter, one] as const)
}

function has(edges: readonly Edge[], [waiter, awaited]: Edge): boolean {
  return edges.some(edge => edge[0] === waiter && edge[1] === awaited)
}

function reaches(edges: readonly Edge[], from: Node, to: Node): boolean {
  const reached = new Set([from])
  for (const one of reached) for (const [waiter, awaited] of edges) if (waiter === one) reached.add(awaited)
  return reached.has(to)
}

function hasCycle(edges: readonly Edge[]): boolean {
  return edges.some(([waiter, awaited]) => reaches(edges, awaited, waiter))
}
