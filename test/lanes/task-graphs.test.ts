// @time-limit 120s
import fc from 'fast-check'
import { MultilaneError, SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type * as graph from './tasks/graph.js'
import type { NodePlan } from './tasks/graph.js'

const test = suite('lanes: random graphs of tasks')

const tasks = new URL('./tasks/graph.js', import.meta.url)
const GRAPHS = Number(process.env.MULTILANE_GRAPHS ?? 80)
/** Against hanging. */
const BOUND_MS = 30_000
const NAMES = ['a', 'b', 'c', 'd'] as const
type Names = (typeof NAMES)[number]

interface Node extends NodePlan {
  readonly lane: Names
  /** Earlier nodes whose handles it is given, and awaits. */
  readonly given: readonly number[]
  /** Earlier nodes that it starts after. */
  readonly after: readonly number[]
  readonly priority: number
  /** Whether it is cancelled as soon as it is submitted. */
  readonly cancelled: boolean
}

/** What must become of a node. */
type End = { readonly state: string; readonly value?: number; readonly code?: string }

const lane = fc.constantFrom<Names>(...NAMES)
/** So many per cent. */
const sometimes = (percent: number) => fc.nat(99).map(n => n < percent)

const seeds = fc.array(
  fc.record({
    lane,
    takes: fc.nat(3),
    fails: sometimes(10),
    cancelled: sometimes(8),
    nested: fc.option(lane, { freq: 3 }),
    given: fc.array(fc.nat(1_000), { maxLength: 4 }),
    after: fc.option(fc.array(fc.nat(1_000), { maxLength: 2 }), { freq: 4, nil: [] }),
    priority: fc.nat(2),
  }),
  { minLength: 10, maxLength: 60, size: 'max' },
)

/** Nodes that lead only to earlier ones. */
const plans = seeds.map(all =>
  all.map((seed, id): Node => {
    const earlier = (picks: readonly number[]): number[] => [
      ...new Set(id === 0 ? [] : picks.map(n => n % id)),
    ]
    return { ...seed, id, given: earlier(seed.given), after: earlier(seed.after) }
  }),
)

function predict(nodes: readonly Node[]): End[] {
  const ends: End[] = []
  for (const node of nodes) {
    const given = node.given.map(id => ends[id]!.value ?? -1)
    if (node.cancelled) ends.push({ state: 'CANCELED', code: 'ERR_TASK_CANCELED' })
    else if (node.after.some(id => ends[id]!.state !== 'DONE'))
      ends.push({ state: 'FAILED', code: 'ERR_DEPENDENCY_FAILED' })
    else if (node.fails) ends.push({ state: 'FAILED', code: `node ${node.id}` })
    else ends.push({ state: 'DONE', value: given.reduce((sum, value) => sum + value, node.id) })
  }
  return ends
}

async function endOf(task: TaskHandle<number>): Promise<End> {
  try {
    const value = await task.result()
    return { state: task.state, value }
  } catch (error) {
    const code = error instanceof MultilaneError ? error.code : (error as Error).message
    return { state: task.state, code }
  }
}

test('every node ends as it must, and none runs twice', async () => {
  const schedulers = await Promise.all(
    [1, 2].map(concurrency =>
      SchedulerThread.start<typeof graph, Names>({
        tasks,
        lanes: {
          a: { concurrency },
          b: { concurrency, threads: 2 },
          c: { concurrency, priority: 'background' },
          d: { concurrency, priority: 'user-blocking' },
        },
      }),
    ),
  )
  const walk = async (
    nodes: readonly Node[],
    scheduler: SchedulerThread<typeof graph, Names>,
  ): Promise<void> => {
    const runs = new Int32Array(new SharedArrayBuffer(4 * nodes.length))
    const handles: TaskHandle<number>[] = []
    for (const node of nodes) {
      const { id, takes, fails, nested, given, after, priority } = node
      const plan: NodePlan = { id, takes, fails, nested }
      const task = scheduler.lanes[node.lane].submit('visit', [plan, given.map(n => handles[n]!), runs], {
        priority,
        after: after.map(n => handles[n]!),
      })
      handles.push(task)
      if (node.cancelled) task.cancel()
    }
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<End[]>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`it hangs:\n${scheduler.dumpTasks()}`))
      }, BOUND_MS)
    })
    const ends = await Promise.race([Promise.all(handles.map(endOf)), bound])
    clearTimeout(timer)
    const expected = predict(nodes)
    for (const [id, end] of ends.entries()) {
      assert.equal(end, expected[id], `node ${id}`)
      const hasRun = end.state === 'DONE' || end.code?.startsWith('node') === true
      if (hasRun) assert.is(runs[id], 1, `node ${id} ran`)
      else assert.is(runs[id], 0, `node ${id} did not run`)
    }
  }
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(1), (nodes, which) => walk(nodes, schedulers[which]!)),
    { numRuns: GRAPHS, endOnFailure: true, seed: Number(process.env.MULTILANE_SEED ?? Date.now() % 1e9) },
  )
  for (const scheduler of schedulers) {
    assert.is((await scheduler.stats()).strays, 0)
    await scheduler.close()
  }
})

test.run()
