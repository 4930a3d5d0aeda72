import { DONE } from '#src/core/task-state.js'
import type { GraphNode } from '../support/task-graph/graph.js'
import type { GraphSights } from './graph-sights.js'
import type { GraphTask, SimGraph } from './sim-graph.js'
import type { SimThread } from './sim-thread.js'

/** The waits that have begun and are not over. */
function* openWaits({ submitted }: SimGraph): Generator<readonly [waiter: GraphTask, awaited: GraphTask]> {
  for (const waiter of submitted.values())
    for (const id of waiter.log?.begun ?? [])
      if (!waiter.log!.heard.has(id)) yield [waiter, submitted.get(id)!]
}

/** A thread has died. */
export function noteDeath(thread: SimThread, graph: SimGraph, sights: GraphSights): void {
  for (const [{ log }, awaited] of openWaits(graph)) {
    if (log!.thread === thread) sights.hit('receiver died during a wait')
    else if (log!.thread.isGone) continue
    else if (awaited.entry.sender === thread.sender) sights.hit('submitter died during a wait')
    else if (awaited.log?.thread === thread && !awaited.log.isOver) sights.hit('executor died during a wait')
  }
}

/** Main is blocked. */
export function noteBlock(graph: SimGraph, sights: GraphSights): void {
  for (const _ of openWaits(graph)) sights.hit('main blocked during a wait')
}

/** All have ended. */
export function noteEnd(nodes: readonly GraphNode[], { submitted }: SimGraph, sights: GraphSights): void {
  const heardBy = new Map<number, GraphNode[]>()
  for (const { node, log } of submitted.values()) {
    for (const id of log?.heard.keys() ?? []) heardBy.set(id, [...(heardBy.get(id) ?? []), node])
    if (log !== null) noteOwn(node, nodes, log, sights)
  }
  for (const [id, waiters] of heardBy) {
    if (waiters.length > 2) sights.hit('several waiters for one')
    const further = waiters.flatMap(waiter => new Set(heardBy.get(waiter.id)?.map(one => one.id)))
    const seen = new Set<number>()
    for (const ids of further) {
      for (const one of ids) {
        if (seen.has(one)) sights.hit('a diamond')
        seen.add(one)
      }
    }
    const { parent } = nodes[id]!
    if (parent !== null && waiters.some(waiter => waiter.id !== parent))
      sights.hit('a nested task awaited by another than its submitter')
  }
}

function noteOwn(
  node: GraphNode,
  nodes: readonly GraphNode[],
  { begun, heard, isOver }: NonNullable<GraphTask['log']>,
  sights: GraphSights,
): void {
  if (node.together && begun.size > 1) sights.hit('several awaited at once')
  if (isOver && nodes.some(({ id, parent }) => parent === node.id && !node.awaits.includes(id)))
    sights.hit('left behind by its submitter')
  for (const [id, { isRefused, told }] of heard) {
    if (isRefused) sights.hit(node.catches ? 'a refusal that was caught' : 'a refusal that was not caught')
    else if ('code' in told && told.code === 'ERR_DEADLOCK') sights.hit('a wait for one that was refused')
    else if ('code' in told && !node.catches) sights.hit('failed with the error of one that it awaited')
    if (node.given.includes(id)) notePassing(id, node, nodes, sights)
  }
  if (node.after.some(id => nodes[id]!.parent !== node.parent)) sights.hit('after a task of another thread')
  if (node.after.some(id => nodes[id]!.parent !== null)) sights.hit('after a nested task')
  const { parent } = node
  const above = parent === null ? null : nodes[parent]!.parent
  if (above !== null && nodes[above]!.parent !== null) sights.hit('nested three deep')
}

/** A handle came to where it was awaited by way of all that were given it before. */
function notePassing(id: number, node: GraphNode, nodes: readonly GraphNode[], sights: GraphSights): void {
  const lanes = new Set<string>()
  for (let one: GraphNode | undefined = node; one?.given.includes(id); one = nodes[one.parent ?? -1])
    lanes.add(one.lane)
  if (lanes.size > 2) sights.hit('a handle that passed through three lanes')
}

/** Whether a task has ended well, as far as its submitter has been told. */
export function isDone({ entry }: GraphTask): boolean {
  return entry.settled > 0 && entry.task.state === DONE
}
