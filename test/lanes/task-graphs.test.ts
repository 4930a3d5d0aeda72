// @time-limit 120s
import fc from 'fast-check'
import { SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { graphs } from '../support/task-graph/arbitrary.js'
import { type GraphLane, type GraphNode, graphText, predict, type Told } from '../support/task-graph/graph.js'
import type * as graph from './tasks/graph.js'
import { codeOf } from './tasks/graph.js'

const test = suite('lanes: random graphs of tasks')

const tasks = new URL('./tasks/graph.js', import.meta.url)
const GRAPHS = Number(process.env.MULTILANE_GRAPHS ?? 80)
/** Against hanging. */
const BOUND_MS = 30_000

/** Without cycles, since what becomes of those is a matter of order: the simulation has them. */
const plans = graphs({
  minNodes: 10,
  maxNodes: 60,
  lanes: 4,
  brought: 0,
  nested: 30,
  leavesBehind: true,
}).map(nodes => Object.assign(nodes, { [fc.toStringMethod]: () => graphText(nodes) }))

type End = { readonly state: string } & Told

async function endOf(task: TaskHandle<number>): Promise<End> {
  try {
    const value = await task.result()
    return { state: task.state, value }
  } catch (error) {
    return { state: task.state, code: codeOf(error) }
  }
}

test('every node ends as it must, and none runs twice', async () => {
  const schedulers = await Promise.all(
    [1, 2].map(concurrency =>
      SchedulerThread.start<typeof graph, GraphLane>({
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
  const checks: (() => void)[] = []
  const walk = async (
    nodes: readonly GraphNode[],
    scheduler: SchedulerThread<typeof graph, GraphLane>,
  ): Promise<void> => {
    const plain = [...nodes]
    const runs = new Int32Array(new SharedArrayBuffer(4 * nodes.length))
    const handles = new Map<number, TaskHandle<number>>()
    const handlesOf = (ids: readonly number[]) => ids.map(id => handles.get(id)!)
    for (const { id, lane, parent, given, after, priority, cancelled } of nodes) {
      if (parent !== null) continue
      const task = scheduler.lanes[lane].submit('visit', [plain, id, handlesOf(given), runs], {
        priority,
        after: handlesOf(after),
      })
      handles.set(id, task)
      if (cancelled) task.cancel()
    }
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<End[]>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`it hangs:\n${scheduler.dumpTasks()}`))
      }, BOUND_MS)
    })
    const ends = await Promise.race([Promise.all([...handles.values()].map(endOf)), bound])
    clearTimeout(timer)
    const fates = predict(nodes)
    for (const [i, id] of [...handles.keys()].entries()) assert.equal(ends[i], fates[id]!.end, `node ${id}`)
    const expected = fates.map(({ runs }) => Number(runs))
    // Nobody on this thread waits for those that tasks have left behind.
    const haveRun = (): boolean => expected.every((count, id) => Atomics.load(runs, id) >= count)
    await eventually('all have run', haveRun)
    const check = (): void =>
      assert.equal([...runs], expected, `how often each has run:\n${graphText(nodes)}`)
    check()
    checks.push(check)
  }
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(1), (nodes, which) => walk(nodes, schedulers[which]!)),
    { numRuns: GRAPHS, endOnFailure: true, seed: Number(process.env.MULTILANE_SEED ?? Date.now() % 1e9) },
  )
  for (const scheduler of schedulers) {
    assert.is((await scheduler.stats()).strays, 0)
    await scheduler.close()
  }
  for (const check of checks) check()
})

test.run()
