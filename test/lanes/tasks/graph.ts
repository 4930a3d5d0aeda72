import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'

type Graph = typeof import('./graph.js')
type Names = 'a' | 'b' | 'c' | 'd'

/** What a node does. */
export interface NodePlan {
  readonly id: number
  /** Milliseconds. */
  readonly takes: number
  readonly fails: boolean
  /** The lane of which it asks for what it takes, rather than to wait itself. */
  readonly nested: Names | null
}

/** Sums up what the given ones have made, those that failed counting as -1, adds its own number, and then fails if it is to. */
export async function visit(
  plan: NodePlan,
  given: readonly TaskHandle<number>[],
  runs: Int32Array,
): Promise<number> {
  Atomics.add(runs, plan.id, 1)
  const ends = await Promise.allSettled(given.map(task => task.result()))
  if (plan.nested !== null) {
    const { lanes } = currentTask<Graph, Names>()
    await lanes[plan.nested].run('pass', [plan.takes])
  } else if (plan.takes > 0) await sleep(plan.takes)
  if (plan.fails) throw new RangeError(`node ${plan.id}`)
  return ends.reduce((sum, end) => sum + (end.status === 'fulfilled' ? end.value : -1), plan.id)
}

/** One on the way is asked for by another. */
export async function pass(takes: number): Promise<number> {
  if (takes > 0) await sleep(takes)
  return takes
}
