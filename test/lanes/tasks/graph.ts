import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import {
  errorOf,
  type GraphLane,
  type GraphNode,
  kidsOf,
  ownEnd,
  type Told,
} from '../../support/task-graph/graph.js'

type Graph = typeof import('./graph.js')

/**
 * Does what a node of a graph is to do.
 *
 * @param nodes all of the graph
 * @param given the handles that it is given
 * @param runs counts how often the code of each has begun
 */
export async function visit(
  nodes: readonly GraphNode[],
  id: number,
  given: readonly TaskHandle<number>[],
  runs: Int32Array,
): Promise<number> {
  Atomics.add(runs, id, 1)
  const node = nodes[id]!
  const handles = new Map(node.given.map((other, i) => [other, given[i]!]))
  const handlesOf = (ids: readonly number[]) => ids.map(other => handles.get(other)!)
  for (const kid of kidsOf(nodes, id)) {
    const lane = currentTask<Graph, GraphLane>().lanes[kid.lane]
    const { priority } = kid
    const after = handlesOf(kid.after)
    const task = lane.submit('visit', [nodes, kid.id, handlesOf(kid.given), runs], { priority, after })
    handles.set(kid.id, task)
    if (kid.cancelled) task.cancel()
  }
  if (node.takes > 0) await sleep(node.takes)
  const told = new Map<number, Told>()
  const errors: unknown[] = []
  const hear = async (other: number, place: number): Promise<void> => {
    try {
      told.set(other, { value: await handles.get(other)!.result() })
    } catch (error) {
      told.set(other, { code: codeOf(error) })
      errors[place] = error
    }
  }
  if (node.together) await Promise.all(node.awaits.map(hear))
  else {
    for (const [place, other] of node.awaits.entries()) {
      await hear(other, place)
      if (errors.length > 0 && !node.catches) break
    }
  }
  const end = ownEnd(node, other => told.get(other)!)
  if (end.state === 'DONE') return end.value
  if (end.code === errorOf(id)) throw new RangeError(end.code)
  throw errors.find(error => error !== undefined)
}

/** The code of an error, or its message if it has none. */
export function codeOf(error: unknown): string {
  const { code, message } = error as Error & { readonly code?: string }
  return code ?? message
}
