export const GRAPH_LANES = ['a', 'b', 'c', 'd'] as const
export type GraphLane = (typeof GRAPH_LANES)[number]

/** A task of a graph, and what it does. Nodes have numbers, and each is submitted after all that have smaller ones. */
export interface GraphNode {
  readonly id: number
  readonly lane: GraphLane
  readonly priority: number
  /** The node whose code submits it, as the first that it does; null if the thread does that made the scheduler. */
  readonly parent: number | null
  /** Earlier nodes that it starts after. */
  readonly after: readonly number[]
  /** Earlier nodes whose handles are among its arguments: those that its submitter has submitted or was given itself. */
  readonly given: readonly number[]
  /** A node, whichever, whose handle is brought to it once it has started. */
  readonly brought: number | null
  /** Those it waits for, in this order: of the given ones, of those that it submits, and the one that is brought. */
  readonly awaits: readonly number[]
  /** Whether it begins all its waits at once, rather than one after another. */
  readonly together: boolean
  /** Whether it blocks its thread while it waits, for one after another. */
  readonly blocks: boolean
  /** Whether it goes on when one that it waits for has failed; else it fails with the same. */
  readonly catches: boolean
  /** Milliseconds, before it waits for anything. */
  readonly takes: number
  readonly fails: boolean
  /** Whether it is cancelled as soon as it is submitted. */
  readonly cancelled: boolean
}

/** What somebody who waits for a node is told. */
export type Told = { readonly value: number } | { readonly code: string }

/** How a node ends. */
export type NodeEnd =
  | { readonly state: 'DONE'; readonly value: number }
  | { readonly state: 'FAILED' | 'CANCELED'; readonly code: string }

/** What a node counts that has failed. */
const OF_FAILED = -1
/** So that sums of sums stay exact. */
const MODULUS = 1_000_003

/**
 * What a node makes of what it is told.
 *
 * @param told what each tells it that it waits for: of those after the first that fails, nothing is asked unless it
 *   catches
 */
export function ownEnd(node: GraphNode, told: (id: number) => Told): NodeEnd {
  let sum = node.id
  for (const id of node.awaits) {
    const one = told(id)
    if ('value' in one) sum += one.value
    else if (node.catches) sum += OF_FAILED
    else return { state: 'FAILED', code: one.code }
  }
  if (node.fails) return { state: 'FAILED', code: errorOf(node.id) }
  return { state: 'DONE', value: sum % MODULUS }
}

/** The message of the error with which a node fails. */
export function errorOf(id: number): string {
  return `node ${id}`
}

/** What becomes of a node in a graph without cycles. */
export interface Fate {
  /** Null if it is never submitted, since what would submit it never runs. */
  readonly end: NodeEnd | null
  readonly runs: boolean
}

export function toldOf(end: NodeEnd): Told {
  return end.state === 'DONE' ? { value: end.value } : { code: end.code }
}

/** What becomes of each node of a graph without cycles, if nothing dies. */
export function predict(nodes: readonly GraphNode[]): Fate[] {
  const ends = new Map<number, NodeEnd | null>()
  const endOf = (id: number): NodeEnd | null => {
    let end = ends.get(id)
    if (end === undefined) {
      end = decide(nodes[id]!)
      ends.set(id, end)
    }
    return end
  }
  const isDone = (id: number): boolean => endOf(id)?.state === 'DONE'
  const runs = ({ cancelled, after }: GraphNode): boolean => !cancelled && after.every(isDone)
  const isSubmitted = ({ parent }: GraphNode): boolean =>
    parent === null || (isSubmitted(nodes[parent]!) && runs(nodes[parent]!))
  const decide = (node: GraphNode): NodeEnd | null => {
    if (!isSubmitted(node)) return null
    if (node.cancelled) return { state: 'CANCELED', code: 'ERR_TASK_CANCELED' }
    if (!runs(node)) return { state: 'FAILED', code: 'ERR_DEPENDENCY_FAILED' }
    return ownEnd(node, id => toldOf(endOf(id)!))
  }
  return nodes.map(node => ({ end: endOf(node.id), runs: isSubmitted(node) && runs(node) }))
}

/** Those that a node submits. */
export function kidsOf(nodes: readonly GraphNode[], id: number): GraphNode[] {
  return nodes.filter(({ parent }) => parent === id)
}

function waysOf({ blocks, together }: GraphNode): string {
  if (blocks) return 'blocks for'
  return together ? 'awaits together' : 'awaits'
}

/** How a graph is shown, a node a line. */
export function graphText(nodes: readonly GraphNode[]): string {
  const list = (what: string, ids: readonly number[]): string =>
    ids.length === 0 ? '' : ` ${what} ${ids.join(' and ')},`
  return nodes
    .map(node => {
      const { id, lane, priority, parent, after, given, brought, awaits } = node
      const text = [
        `  ${id} on ${lane}:`,
        priority === 0 ? '' : ` priority ${priority},`,
        parent === null ? '' : ` submitted by ${parent},`,
        list('after', after),
        list('given', given),
        brought === null ? '' : ` brought ${brought},`,
        list(waysOf(node), awaits),
        node.catches || awaits.length === 0 ? '' : ' does not catch,',
        node.takes === 0 ? '' : ` takes ${node.takes} ms,`,
        node.fails ? ' fails,' : '',
        node.cancelled ? ' is cancelled,' : '',
      ].join('')
      return text.replace(/[,:]$/, '')
    })
    .join('\n')
}
