import type { GraphNode } from './graph.js'

type Edges = (id: number) => Iterable<number>

/** All that a node leads to, itself if it is on a cycle. */
export function reachable(from: number, edges: Edges): Set<number> {
  const reached = new Set(edges(from))
  for (const id of reached) for (const next of edges(id)) reached.add(next)
  return reached
}

/** What a node waits for, once it runs, and what it is to start after. */
export function waitsOf(nodes: readonly GraphNode[]): Edges {
  return id => [...nodes[id]!.awaits, ...nodes[id]!.after]
}

/** Whether any nodes of a graph wait for each other in a circle. */
export function hasCycle(nodes: readonly GraphNode[]): boolean {
  const edges = waitsOf(nodes)
  return nodes.some(({ id }) => reachable(id, edges).has(id))
}

/**
 * Leaves no cycle that leads through `after`, which nobody would see.
 *
 * @returns the graph without those `after` that are on one
 */
export function withoutBlindCycles(nodes: readonly GraphNode[]): GraphNode[] {
  let left = [...nodes]
  for (const { id, after } of nodes) {
    for (const other of after) {
      if (!reachable(other, waitsOf(left)).has(id)) continue
      left = left.map(node =>
        node.id === id ? { ...node, after: node.after.filter(one => one !== other) } : node,
      )
    }
  }
  return left
}
