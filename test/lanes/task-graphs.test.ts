// @time-limit 120s
import fc from 'fast-check'
import { type LaneOptions, SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { type GraphTerms, graphs } from '../support/task-graph/arbitrary.js'
import { type GraphLane, type GraphNode, graphText, predict, type Told } from '../support/task-graph/graph.js'
import type * as graph from './tasks/graph.js'
import { codeOf, REFUSED, RUNS } from './tasks/graph.js'

const test = suite('lanes: random graphs of tasks')

const tasks = new URL('./tasks/graph.js', import.meta.url)
const GRAPHS = Number(process.env.MULTILANE_GRAPHS ?? 80)
/** Against hanging. */
const BOUND_MS = 30_000

type Scheduler = SchedulerThread<typeof graph, GraphLane>
type Fate = { readonly state: string } & Told

/** Without cycles, since what becomes of those is a matter of order: the simulation has them. */
function plans(terms: Omit<GraphTerms, 'brought' | 'leavesBehind'>): fc.Arbitrary<GraphNode[]> {
  return graphs({ ...terms, brought: 0, leavesBehind: true }).map(nodes =>
    Object.assign(nodes, { [fc.toStringMethod]: () => graphText(nodes) }),
  )
}

/** Walks random graphs on schedulers whose lanes are as one of these says. @returns how often a wait was refused */
async function walkAll(
  which: fc.Arbitrary<GraphNode[]>,
  ...lanes: readonly Record<GraphLane, LaneOptions>[]
): Promise<number> {
  const schedulers: Scheduler[] = []
  for (const one of lanes) schedulers.push(await SchedulerThread.start({ tasks, lanes: one }))
  const walks: Walk[] = []
  const property = fc.asyncProperty(which, fc.nat(lanes.length - 1), async (nodes, i) => {
    const walk = new Walk(nodes)
    await walk.on(schedulers[i]!)
    walks.push(walk)
  })
  const seed = Number(process.env.MULTILANE_SEED ?? Date.now() % 1e9)
  await fc.assert(property, { numRuns: GRAPHS, endOnFailure: true, seed, includeErrorInReport: true })
  for (const scheduler of schedulers) {
    assert.is((await scheduler.stats()).strays, 0)
    await scheduler.close()
  }
  let refusals = 0
  for (const walk of walks) {
    walk.check()
    refusals += walk.refusals
  }
  return refusals
}

/** One graph, and what its nodes write down of themselves. */
class Walk {
  readonly #nodes: readonly GraphNode[]
  readonly #notes: Int32Array

  constructor(nodes: readonly GraphNode[]) {
    this.#nodes = nodes
    this.#notes = new Int32Array(new SharedArrayBuffer(8 * nodes.length))
  }

  /** How many nodes were told of a refusal. */
  get refusals(): number {
    return this.#nodes.filter(({ id }) => this.#note(REFUSED, id) > 0).length
  }

  async on(scheduler: Scheduler): Promise<void> {
    const plain = [...this.#nodes]
    const handles = new Map<number, TaskHandle<number>>()
    const handlesOf = (ids: readonly number[]) => ids.map(id => handles.get(id)!)
    for (const { id, lane, parent, given, after, priority, cancelled } of plain) {
      if (parent !== null) continue
      const task = scheduler.lanes[lane].submit('visit', [plain, id, handlesOf(given), this.#notes], {
        priority,
        after: handlesOf(after),
      })
      handles.set(id, task)
      if (cancelled) task.cancel()
    }
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<Fate[]>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`it hangs:\n${scheduler.dumpTasks()}\n${graphText(this.#nodes)}`)),
        BOUND_MS,
      )
    })
    const ends = await Promise.race([Promise.all([...handles.values()].map(endOf)), bound])
    clearTimeout(timer)
    const fates = predict(this.#nodes)
    for (const [i, id] of [...handles.keys()].entries())
      if (!this.#isTouched(id)) assert.equal(ends[i], fates[id]!.end, `node ${id}`)
    // Nobody on this thread waits for those that tasks have left behind.
    await eventually('all have run', () =>
      fates.every(({ runs }, id) => !runs || this.#mayBeLeftOut(id) || this.#note(RUNS, id) > 0),
    )
    this.check()
  }

  check(): void {
    for (const [id, { runs }] of predict(this.#nodes).entries()) {
      const count = this.#note(RUNS, id)
      const isRight = this.#mayBeLeftOut(id) ? count <= 1 : count === Number(runs)
      assert.ok(isRight, `node ${id} has run ${count} times:\n${graphText(this.#nodes)}`)
    }
  }

  #note(what: number, id: number): number {
    return Atomics.load(this.#notes, 2 * id + what)
  }

  /** Whether a wait that was refused has a part in what becomes of a node. */
  #isTouched(id: number): boolean {
    const { awaits, after } = this.#nodes[id]!
    if (this.#note(REFUSED, id) > 0) return true
    return [...awaits, ...after].some(other => this.#isTouched(other))
  }

  /** Whether such a wait has a part in whether a node runs. */
  #mayBeLeftOut(id: number): boolean {
    const { after, parent } = this.#nodes[id]!
    return after.some(other => this.#isTouched(other)) || (parent !== null && this.#mayBeLeftOut(parent))
  }
}

async function endOf(task: TaskHandle<number>): Promise<Fate> {
  try {
    const value = await task.result()
    return { state: task.state, value }
  } catch (error) {
    return { state: task.state, code: codeOf(error) }
  }
}

test('every node ends as it must, and none runs twice', async () => {
  const lanesOf = (concurrency: number): Record<GraphLane, LaneOptions> => ({
    a: { concurrency },
    b: { concurrency, threads: 2 },
    c: { concurrency, priority: 'background' },
    d: { concurrency, priority: 'user-blocking' },
  })
  const graphs = plans({ minNodes: 10, maxNodes: 60, lanes: 4, nested: 30, blocking: 0 })
  assert.is(await walkAll(graphs, lanesOf(1), lanesOf(2)), 0, 'waits were refused')
})

test('nor is any refused that blocks its thread, if a thread is there for each', async () => {
  const maxNodes = 12
  const lane: LaneOptions = { threads: { min: 1, max: maxNodes }, concurrency: 1 }
  const graphs = plans({ minNodes: 3, maxNodes, lanes: 2, nested: 40, blocking: 100 })
  assert.is(await walkAll(graphs, { a: lane, b: lane, c: {}, d: {} }), 0, 'waits were refused')
})

test('some block their threads of few: all end, and as they must unless a refusal has a part in it', async () => {
  const graphs = plans({ minNodes: 5, maxNodes: 30, lanes: 3, nested: 30, blocking: 25 })
  const fixed: LaneOptions = { threads: 2, concurrency: 2 }
  const elastic: LaneOptions = { threads: { min: 1, max: 3, idleTimeout: 5 }, concurrency: 2 }
  const refusals = await walkAll(
    graphs,
    { a: fixed, b: fixed, c: fixed, d: {} },
    { a: elastic, b: elastic, c: {}, d: {} },
  )
  assert.ok(refusals > 0, 'none was refused: the graphs are too easy')
})

test.run()
