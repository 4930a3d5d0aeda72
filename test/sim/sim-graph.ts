import { Failure } from '#src/bridge/failure.js'
import { type AwaitedTask, Dependencies } from '#src/core/dependencies.js'
import { type DeadlockError, TaskCanceledError } from '#src/core/errors.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { isFinal } from '#src/core/task-state.js'
import type { TaskHandle } from '#src/lanes/task-handle.js'
import { whenStarted } from '#src/lanes/task-waits.js'
import { type GraphNode, kidsOf } from '../support/task-graph/graph.js'
import { reachable } from '../support/task-graph/waits.js'
import type { Detectors } from './detectors.js'
import { GraphProgram, type GraphRunLog, type GraphSurroundings } from './graph-program.js'
import type { GraphSights } from './graph-sights.js'
import type { HeldHandle, HeldHandles } from './held-handles.js'
import { handleOf } from './sim-handles.js'
import { type Entry, entryOf, type SimSender } from './sim-sender.js'
import type { SimTask } from './sim-tasks.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What tasks listen to that start after another. */
function endOf(handle: TaskHandle): AwaitedTask {
  return (handle as unknown as { readonly end: AwaitedTask }).end
}

/** A node that was submitted. */
export interface GraphTask {
  readonly node: GraphNode
  readonly entry: Entry
  /** What its code did, once it runs. */
  log: GraphRunLog | null
}

/** The tasks of a random graph: how they are submitted, what their code finds around it, and what became of them. */
export class SimGraph implements GraphSurroundings {
  readonly world: SimWorld
  readonly nodes: readonly GraphNode[]
  /** By the numbers of their nodes. */
  readonly submitted = new Map<number, GraphTask>()
  readonly #detectors: Detectors
  readonly #sights: GraphSights
  readonly held: HeldHandles
  /** The handles that were brought to nodes that had not asked for them, and the nodes that have asked before. */
  readonly #brought = new Map<number, { readonly handle: TaskHandle; readonly held: HeldHandle | null }>()
  readonly #asking = new Map<number, (handle: TaskHandle) => void>()
  readonly #ofMain: GraphNode[]
  readonly #handles = new Map<number, TaskHandle>()
  /** Those to which a handle is to be brought, and whether they have started. */
  readonly #toBring = new Map<GraphNode, boolean>()

  constructor(
    world: SimWorld,
    nodes: readonly GraphNode[],
    detectors: Detectors,
    sights: GraphSights,
    held: HeldHandles,
  ) {
    this.world = world
    this.nodes = nodes
    this.#detectors = detectors
    this.#sights = sights
    this.held = held
    this.#ofMain = nodes.filter(({ parent }) => parent === null)
  }

  /** What lane threads can run of it. */
  readonly tasks: Readonly<Record<string, SimTask>> = {
    visit: ({ thread }, id, given) => {
      const node = this.nodes[id as number]!
      const handles = node.given.map((one, i) => [one, (given as TaskHandle[])[i]!] as const)
      return new GraphProgram(this, thread, node, new Map(handles)).run()
    },
    bring: ({ thread }, id, handle) => {
      const { node, log } = this.submitted.get(id as number)!
      const held = this.holds(thread, node.brought!, handle as TaskHandle)
      // It has died, or has no use for it any more.
      if (log?.thread !== thread || log.isDone) return
      const ask = this.#asking.get(node.id)
      if (ask !== undefined) {
        ask(handle as TaskHandle)
        return
      }
      if (held !== null) held.users++
      this.#brought.set(node.id, { handle: handle as TaskHandle, held })
    },
  }

  /** Whether main has submitted all that it is to. */
  get isSubmitted(): boolean {
    return this.#ofMain.length === 0 && this.#toBring.size === 0
  }

  /** Main submits the next of its nodes. */
  submitNext(main: SimSender): void {
    const node = this.#ofMain.shift()
    if (node === undefined) return
    const entry = this.#hand(main, node, this.#handles, null)
    this.#handles.set(node.id, handleOf(entry))
    if (node.brought !== null) this.#toBring.set(node, false)
    this.#bring(main)
    if (node.brought === null) return
    // Nothing is brought to one that has not started, since nobody knows on which thread it will be.
    whenStarted(entry.task, entry.lane.sight).then(hasStarted => {
      if (hasStarted) this.#toBring.set(node, true)
      else this.#toBring.delete(node)
      this.world.later(main.actor, () => this.#bring(main))
    })
  }

  #bring(main: SimSender): void {
    for (const [node, hasStarted] of this.#toBring) {
      const handle = this.#handles.get(node.brought!)
      if (!hasStarted || handle === undefined) continue
      this.#toBring.delete(node)
      this.#submit(main, node, 'bring', [node.id, handle], null, null, [])
    }
  }

  kidsOf({ id }: GraphNode): readonly GraphNode[] {
    return kidsOf(this.nodes, id)
  }

  submit(thread: SimThread, node: GraphNode, handles: ReadonlyMap<number, TaskHandle>): TaskHandle {
    const sender = thread.reach(node.lane)
    if (thread.lane === node.lane) this.#sights.hit('submitted on its own thread')
    return handleOf(this.#hand(sender, node, handles, this.submitted.get(node.parent!)!.entry))
  }

  #hand(
    sender: SimSender,
    node: GraphNode,
    handles: ReadonlyMap<number, TaskHandle>,
    parent: Entry | null,
  ): Entry {
    const extras = new TaskExtras()
    extras.priority = node.priority
    if (node.after.length > 0)
      extras.dependencies = new Dependencies(node.after.map(id => endOf(handles.get(id)!)))
    const after = node.after.map(id => this.submitted.get(id)!.entry)
    const args = [node.id, node.given.map(id => handles.get(id)!)]
    const entry = this.#submit(sender, node, 'visit', args, extras, parent, after)
    if (node.cancelled) this.#cancel(entry)
    return entry
  }

  #submit(
    sender: SimSender,
    node: GraphNode,
    name: string,
    args: readonly unknown[],
    extras: TaskExtras | null,
    parent: Entry | null,
    after: readonly Entry[],
  ): Entry {
    const settle = (): void => this.#detectors.settled(entry)
    const sequence = sender.sender.nextSequence()
    const target = sender.sender.lane(node.lane).target(name)
    const task = new Task(target, sequence, args, this.world.now(), settle, extras)
    const entry = entryOf(sender, task, name, parent, after)
    if (name === 'visit') this.submitted.set(node.id, { node, entry, log: null })
    sender.hand(entry)
    return entry
  }

  #cancel(entry: Entry): void {
    const { task, lane } = entry
    const before = lane.stateOf(task)
    entry.cancelled = lane.cancel(task, Failure.of(new TaskCanceledError(task.target.name)))
    if (!entry.cancelled && !isFinal(before))
      this.#detectors.fail('outcome', 'it could not be cancelled as soon as it was submitted', { entry })
  }

  holds(thread: SimThread, id: number, handle: TaskHandle): HeldHandle | null {
    const held = this.held.note(thread, handle, this.submitted.get(id)!.entry)
    if (held === null) this.#sights.hit('a handle that came home')
    return held
  }

  whenBrought({ id }: GraphNode, call: (handle: TaskHandle) => void): void {
    const brought = this.#brought.get(id)
    if (brought === undefined) this.#asking.set(id, call)
    else call(brought.handle)
  }

  done({ node: { id } }: GraphRunLog): void {
    const held = this.#brought.get(id)?.held ?? null
    if (held !== null) held.users--
    this.#brought.delete(id)
  }

  began(log: GraphRunLog): void {
    this.submitted.get(log.node.id)!.log = log
  }

  refused({ node, thread }: GraphRunLog, id: number, { cycle }: DeadlockError): void {
    const { entry } = this.submitted.get(node.id)!
    const begun = (one: number): Iterable<number> => this.submitted.get(one)?.log?.begun ?? []
    if (id !== node.id && !reachable(id, begun).has(node.id)) {
      const message = `its wait for node ${id} is refused (${cycle.join(', ')}), and nobody waits in a circle`
      this.#detectors.fail('waits', message, { entry, thread })
    }
    const names = ['a cycle of one refused', 'a cycle of two refused', 'a cycle of three refused'] as const
    this.#sights.hit(names[cycle.length - 1] ?? 'a longer cycle refused')
    if (new Set(cycle).size > 1) this.#sights.hit('a cycle across lanes refused')
    if (node.parent !== null) this.#sights.hit('a refusal within a nested task')
  }
}
