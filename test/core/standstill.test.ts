import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BlockedThread, standstill, type Whereabouts } from '#src/core/standstill.js'
import type { WaitKind } from '#src/core/wait-book.js'

const test = suite('core: threads that block each other')

interface Node {
  readonly name: string
}

/** Lanes by their threads; tasks by their names. */
class Scene {
  readonly #nodes = new Map<string, Node>()
  readonly #blocked: BlockedThread<Node>[] = []
  readonly #where = new Map<Node, Whereabouts>()
  readonly #waits = new Map<Node, { kind: WaitKind; awaited: Node[] }[]>()
  readonly #crews: Readonly<Record<string, readonly number[] | null>>

  constructor(crews: Readonly<Record<string, readonly number[] | null>>) {
    this.#crews = crews
  }

  node(name: string): Node {
    const node = this.#nodes.get(name) ?? { name }
    this.#nodes.set(name, node)
    return node
  }

  /** A task blocks its thread until another has ended, or started. */
  blocks(waiter: string, thread: number, awaited: string, kind: WaitKind = 'end'): this {
    this.runs(waiter, thread)
    this.#blocked.push({ thread, waiter: this.node(waiter), awaited: this.node(awaited), kind })
    return this
  }

  runs(task: string, thread: number): this {
    return this.#place(task, { at: 'thread', thread })
  }

  queued(task: string, lane: string): this {
    return this.#place(task, { at: 'queue', lane })
  }

  sent(task: string, lane: string, thread: number, isBound = false): this {
    return this.#place(task, { at: 'sent', lane, thread, isBound })
  }

  key(name: string): this {
    return this.#place(name, { at: 'key' })
  }

  waits(waiter: string, kind: WaitKind, ...awaited: string[]): this {
    const node = this.node(waiter)
    const waits = this.#waits.get(node) ?? []
    waits.push({ kind, awaited: awaited.map(name => this.node(name)) })
    this.#waits.set(node, waits)
    return this
  }

  /** The name of the task whose wait is to be refused, and the cycle; null if all may go on. */
  look(): readonly [refused: string, ...cycle: string[]] | null {
    const found = standstill({
      blocked: this.#blocked,
      whereIs: (node: Node) => this.#where.get(node) ?? { at: 'end' },
      waitsOf: node => this.#waits.get(node) ?? [],
      crews: new Map(Object.entries(this.#crews)),
    })
    return found && [found.refused.waiter.name, ...found.cycle.map(({ name }) => name)]
  }

  #place(task: string, where: Whereabouts): this {
    this.#where.set(this.node(task), where)
    return this
  }
}

const FREE_A = "a free thread of lane 'a'"

test('the youngest wait is refused if all threads of a lane wait for tasks of that lane', () => {
  const scene = new Scene({ a: [1, 2] })
    .blocks('p', 1, 'x')
    .queued('x', 'a')
    .blocks('q', 2, 'y')
    .sent('y', 'a', 1)
  assert.equal(scene.look(), ['q', 'q', 'y', FREE_A])
})

test('nobody is, as long as one of them has a thread that may go on', () => {
  const waiting = (crew: readonly number[] | null) =>
    new Scene({ a: crew }).blocks('p', 1, 'x').queued('x', 'a').blocks('q', 2, 'y').queued('y', 'a')
  assert.is(waiting([1, 2, 3]).look(), null, 'another thread')
  assert.is(waiting(null).look(), null, 'there may be another')
  assert.is(waiting([1, 2]).runs('y', 3).look(), null, 'what one waits for runs elsewhere')
})

test('it is seen through lanes, dependencies and keys', () => {
  const scene = () => new Scene({ a: [1], b: [2, 3] }).blocks('p', 1, 'x')
  assert.equal(scene().runs('x', 2).waits('x', 'end', 'y').queued('y', 'a').look(), [
    'p',
    'p',
    'x',
    'y',
    FREE_A,
  ])
  const after = scene().queued('x', 'b').waits('x', 'after', 'z', 'y').queued('y', 'a').runs('z', 2)
  assert.equal(after.look(), ['p', 'p', 'x', 'y', FREE_A])
  const keyed = scene()
    .queued('x', 'b')
    .waits('x', 'after', 'k')
    .key('k')
    .waits('k', 'after', 'y')
    .queued('y', 'a')
  assert.equal(keyed.look(), ['p', 'p', 'x', 'k', 'y', FREE_A])
  assert.is(
    scene().sent('x', 'b', 2).waits('x', 'after', 'y').queued('y', 'a').look(),
    null,
    'it has been sent since',
  )
})

test('of several that a task waits for, one that comes is enough; of those that it is to start after, all are needed', () => {
  const scene = () => new Scene({ a: [1], b: [2] }).blocks('p', 1, 'x').queued('y', 'a').runs('z', 2)
  assert.is(scene().runs('x', 2).waits('x', 'end', 'y', 'z').look(), null)
  assert.is(scene().runs('x', 2).waits('x', 'end', 'y').waits('x', 'end', 'z').look(), null)
  assert.is(scene().runs('x', 2).waits('x', 'limited', 'y').look(), null)
  assert.ok(scene().queued('x', 'b').waits('x', 'after', 'y', 'z').look())
})

test('a task that is bound to a thread needs that one', () => {
  const scene = (thread: number, isBound: boolean) =>
    new Scene({ a: [1, 2] }).blocks('p', 1, 'x').sent('x', 'a', thread, isBound)
  assert.equal(scene(1, true).look(), ['p', 'p', 'x'])
  assert.is(scene(2, true).look(), null)
  assert.is(scene(1, false).look(), null)
})

test('a task that is sent to a thread which is not blocked starts there, though that is to go', () => {
  const scene = (thread: number) => new Scene({ a: [1] }).blocks('p', 1, 'x').sent('x', 'a', thread)
  assert.is(scene(7).look(), null)
  assert.ok(scene(1).look())
})

test('who waits for a start waits for a thread as well', () => {
  const scene = () => new Scene({ a: [1] }).blocks('p', 1, 'x').runs('x', 2).waits('x', 'start', 'y')
  assert.equal(scene().queued('y', 'a').look(), ['p', 'p', 'x', 'y', FREE_A])
  assert.is(scene().runs('y', 1).look(), null, 'it has started')
})

test('the cycle begins with the one that is refused', () => {
  const scene = new Scene({ a: [1], b: [2] }).blocks('p', 1, 'q').blocks('q', 2, 'y').queued('y', 'a')
  assert.equal(scene.look(), ['q', 'q', 'y', FREE_A, 'p'])
})

test('what runs on a blocked thread waits for the one that blocks it', () => {
  const scene = new Scene({ a: [1], b: [2] })
    .blocks('p', 1, 'x')
    .runs('x', 2)
    .blocks('q', 2, 'y')
    .runs('y', 1)
  assert.equal(scene.look(), ['q', 'q', 'y', 'p', 'x'])
})

test('those who only wait for a cycle are no part of it', () => {
  const scene = new Scene({ a: [1], b: [2] }).blocks('p', 1, 'x').queued('x', 'a').blocks('q', 2, 'p')
  assert.equal(scene.look(), ['p', 'p', 'x', FREE_A])
})

test('a hundred thousand that wait for each other in a row are looked at without recursion', () => {
  const scene = new Scene({ a: [1] }).blocks('p', 1, 't0')
  const count = 100_000
  for (let i = 0; i < count; i++) scene.queued(`t${i}`, 'b').waits(`t${i}`, 'after', `t${i + 1}`)
  assert.is(scene.look(), null)
  scene.queued(`t${count}`, 'a')
  assert.is(scene.look()?.length, count + 4)
})

test('a thread that is blocked until another task has started goes on if that has, whatever becomes of it', () => {
  const scene = () => new Scene({ a: [1], b: [2] }).blocks('p', 1, 'x', 'start').blocks('q', 2, 'p')
  assert.is(scene().runs('x', 2).look(), null)
  assert.equal(scene().queued('x', 'a').look(), ['p', 'p', 'x', "a free thread of lane 'a'"])
})

test.run()
