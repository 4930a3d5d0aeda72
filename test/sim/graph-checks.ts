import type { Failure } from '#src/bridge/failure.js'
import { DependencyError } from '#src/core/errors.js'
import { CANCELED, DONE, FAILED, TASK_STATES } from '#src/core/task-state.js'
import {
  type GraphNode,
  type NodeEnd,
  ownEnd,
  predict,
  type Told,
  toldOf,
} from '../support/task-graph/graph.js'
import { hasCycle, reachable } from '../support/task-graph/waits.js'
import type { Detectors } from './detectors.js'
import { codeOfError, type Heard } from './graph-program.js'
import type { GraphSights } from './graph-sights.js'
import type { GraphTask, SimGraph } from './sim-graph.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** What a task may end with that had started on a thread that has died. */
const OF_EXECUTOR = new Set(['ERR_LANE_EXITED', 'ERR_LANE_OOM', 'ERR_LANE_TERMINATED', 'ERR_LANE_CLOSED'])
/** What is told of a task whose submitter has died. */
const OF_SUBMITTER = new Set(['ERR_LANE_CLOSED', 'ERR_RESULT_GONE'])

/** What became of the nodes of a graph is what may, considering what died. */
class GraphCheck {
  readonly #nodes: readonly GraphNode[]
  readonly #graph: SimGraph
  readonly #detectors: Detectors
  /** The lanes of which a thread has died, and the senders that have. */
  readonly #deadly: ReadonlySet<string>
  readonly #dead: ReadonlySet<SimSender | null>
  readonly #sights: GraphSights

  constructor(
    nodes: readonly GraphNode[],
    graph: SimGraph,
    detectors: Detectors,
    deaths: readonly SimThread[],
    sights: GraphSights,
  ) {
    this.#nodes = nodes
    this.#graph = graph
    this.#detectors = detectors
    this.#deadly = new Set(deaths.map(({ lane }) => lane))
    this.#dead = new Set(deaths.map(({ sender }) => sender))
    this.#sights = sights
  }

  all(): void {
    for (const task of this.#graph.submitted.values()) {
      this.#checkEnd(task)
      for (const [id, heard] of task.log?.heard ?? [])
        if (!heard.isRefused) this.#checkHeard(task, this.#graph.submitted.get(id)!, heard)
    }
    if (this.#deadly.size > 0) return
    this.#checkCycles()
    if (!hasCycle(this.#nodes)) this.#checkPrediction()
  }

  #wrong(
    detector: 'outcome' | 'waits' | 'handles' | 'after',
    message: string,
    { entry, node }: GraphTask,
  ): never {
    return this.#detectors.fail(detector, `node ${node.id} ${message}`, { entry })
  }

  /** Of those whose submitter lives, and has been told. */
  #endOf({ entry }: GraphTask): NodeEnd | null {
    const { task, settled } = entry
    if (settled === 0) return null
    if (task.state === DONE) return { state: 'DONE', value: task.payload as number }
    const code = codeOfError((task.payload as Failure).error())
    return { state: TASK_STATES[task.state] as 'FAILED', code }
  }

  /** Before the end of all. */
  #hasDied(sender: SimSender): boolean {
    return this.#dead.has(sender)
  }

  #checkEnd(task: GraphTask): void {
    const { entry, node, log } = task
    const { sender, settled, begun } = entry
    if (settled > 1) this.#wrong('outcome', `settled ${settled} times`, task)
    if (begun.length > 1) this.#wrong('outcome', `ran ${begun.length} times`, task)
    const end = this.#endOf(task)
    if (end === null) {
      if (!this.#hasDied(sender)) this.#detectors.fail('hung', 'it was lost', { entry })
      this.#sights.hit('a nested task lost with its submitter')
      return
    }
    if ((entry.task.state === CANCELED) !== node.cancelled) this.#wrong('outcome', `ended ${text(end)}`, task)
    if (node.cancelled) return
    const own = log?.isOver === true ? ownEnd(node, id => log.heard.get(id)!.told) : null
    if (own !== null && isSame(own, end)) return
    if (this.#isOfExecutor(task, end)) {
      this.#sights.hit('its death told as the outcome')
      return
    }
    if (own !== null)
      this.#wrong('outcome', `ended ${text(end)}, and made ${text(own)} of what it was told`, task)
    const error = entry.task.state === FAILED ? (entry.task.payload as Failure).error() : null
    if (log !== null || !(error instanceof DependencyError))
      this.#wrong('outcome', `ended ${text(end)}`, task)
    this.#checkForsaken(task, error as DependencyError)
  }

  /** The error of a thread's death is told of a task that had started there. */
  #isOfExecutor({ entry, node }: GraphTask, end: NodeEnd): boolean {
    return (
      end.state === 'FAILED' && OF_EXECUTOR.has(end.code) && entry.claims > 0 && this.#deadly.has(node.lane)
    )
  }

  #checkForsaken(task: GraphTask, error: DependencyError): void {
    this.#sights.hit('failed for one that it was to start after')
    const { id, lane } = error.dependency
    // Numbers of tasks of several submitters may be the same.
    const named = task.node.after
      .map(other => this.#graph.submitted.get(other)!)
      .filter(({ entry }) => entry.task.sequence === id && entry.task.target.lane === lane)
    const told: Told = { code: codeOfError(error.cause) }
    const cause = named.find(other => this.#mayTell(other, told))
    if (cause === undefined)
      this.#wrong('after', `failed for task ${id} with ${told.code}, which may not be`, task)
    const end = this.#endOf(cause!)
    if (end === null || this.#isOfExecutor(cause!, end)) this.#sights.hit('a dependant failed for a death')
  }

  #checkHeard(task: GraphTask, awaited: GraphTask, { told }: Heard): void {
    if (!this.#mayTell(awaited, told)) {
      const end = this.#endOf(awaited)
      const truth = end === null ? 'is lost' : `ended ${text(end)}`
      this.#wrong('handles', `was told ${say(told)} of node ${awaited.node.id}, which ${truth}`, task)
    }
    if (!this.#hasDied(awaited.entry.sender)) return
    if ('value' in told) this.#sights.hit('a value told though its submitter died')
    else if (OF_SUBMITTER.has(told.code)) this.#sights.hit('the death of its submitter told as the outcome')
  }

  /** Whether this may be told of a task. */
  #mayTell(task: GraphTask, told: Told): boolean {
    const { entry, node, log } = task
    const end = this.#endOf(task)
    if (end !== null && isSameTold(toldOf(end), told)) return true
    // Its submitter alone knows how it ended, if nobody has been told before.
    if (!this.#hasDied(entry.sender)) return false
    if ('code' in told && OF_SUBMITTER.has(told.code)) return true
    if (end !== null) return false
    if (log?.isOver === true && isSameTold(toldOf(ownEnd(node, id => log.heard.get(id)!.told)), told))
      return true
    if ('value' in told) return false
    if (node.cancelled) return told.code === 'ERR_TASK_CANCELED'
    if (told.code === 'ERR_DEPENDENCY_FAILED') return log === null && node.after.length > 0
    return this.#isOfExecutor(task, { state: 'FAILED', code: told.code })
  }

  /** Who waits in a circle is told so by one of the waits being refused. */
  #checkCycles(): void {
    const unrefused = (id: number): number[] => {
      const log = this.#graph.submitted.get(id)?.log
      return [...(log?.begun ?? [])].filter(other => log!.heard.get(other)?.isRefused !== true)
    }
    for (const task of this.#graph.submitted.values())
      if (reachable(task.node.id, unrefused).has(task.node.id))
        this.#wrong('waits', 'waited for itself, and no wait of that circle was refused', task)
  }

  #checkPrediction(): void {
    for (const [id, { end, runs }] of predict(this.#nodes).entries()) {
      const task = this.#graph.submitted.get(id)
      if (task === undefined) {
        if (end !== null) this.#detectors.fail('outcome', `node ${id} was never submitted`)
        continue
      }
      const actual = this.#endOf(task)!
      if (end === null || !isSame(end, actual))
        this.#wrong(
          'outcome',
          `ended ${text(actual)}, and was to end ${end === null ? 'never' : text(end)}`,
          task,
        )
      if (runs !== task.entry.begun.length > 0) this.#wrong('outcome', 'ran, or did not', task)
    }
  }
}

/** @throws Violation if anything ended as it may not */
export function checkGraph(
  nodes: readonly GraphNode[],
  graph: SimGraph,
  detectors: Detectors,
  deaths: readonly SimThread[],
  sights: GraphSights,
): void {
  new GraphCheck(nodes, graph, detectors, deaths, sights).all()
}

function isSame(one: NodeEnd, other: NodeEnd): boolean {
  return one.state === other.state && isSameTold(toldOf(one), toldOf(other))
}

function isSameTold(one: Told, other: Told): boolean {
  return 'value' in one
    ? 'value' in other && one.value === other.value
    : 'code' in other && one.code === other.code
}

function say(told: Told): string {
  return 'value' in told ? String(told.value) : told.code
}

function text(end: NodeEnd): string {
  return `${end.state} with ${say(toldOf(end))}`
}
