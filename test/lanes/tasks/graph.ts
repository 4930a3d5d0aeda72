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

/** What a node notes of itself: how often its code has begun, and whether it was told of a refused wait. */
export const RUNS = 0
export const REFUSED = 1

/**
 * Does what a node of a graph is to do.
 *
 * @param nodes all of the graph
 * @param given the handles that it is given
 * @param notes two numbers of each
 */
export async function visit(
  nodes: readonly GraphNode[],
  id: number,
  given: readonly TaskHandle<number>[],
  notes: Int32Array,
): Promise<number> {
  Atomics.add(notes, 2 * id + RUNS, 1)
  const node = nodes[id]!
  const handles = new Map(node.given.map((other, i) => [other, given[i]!]))
  const handlesOf = (ids: readonly number[]) => ids.map(other => handles.get(other)!)
  for (const kid of kidsOf(nodes, id)) {
    const lane = currentTask<Graph, GraphLane>().lanes[kid.lane]
    const { priority } = kid
    const after = handlesOf(kid.after)
    const task = lane.submit('visit', [nodes, kid.id, handlesOf(kid.given), notes], { priority, after })
    handles.set(kid.id, task)
    if (kid.cancelled) task.cancel()
  }
  if (node.takes > 0) await sleep(node.takes)
  const told = new Map<number, Told>()
  const errors: unknown[] = []
  const hear = async (other: number, place: number): Promise<void> => {
    try {
      const handle = handles.get(other)!
      told.set(other, { value: node.blocks ? handle.resultSync() : await handle.result() })
    } catch (error) {
      if (codeOf(error) === 'ERR_DEADLOCK') Atomics.store(notes, 2 * id + REFUSED, 1)
      told.set(other, { code: codeOf(error) })
      errors[place] = error
    }
  }
  if (node.together && !node.blocks) await Promise.all(node.awaits.map(hear))
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
