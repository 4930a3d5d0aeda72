import { GRAPH_LANES, type GraphLane, type GraphNode } from '../support/task-graph/graph.js'
import { checkStrays } from './conclusion.js'
import { Detectors } from './detectors.js'
import { checkGraph } from './graph-checks.js'
import * as shapes from './graph-shapes.js'
import { GraphSights } from './graph-sights.js'
import { HeldHandles } from './held-handles.js'
import { watchWithin } from './inner-sights.js'
import { watchTables } from './protocol-steps.js'
import { checkQuiet } from './quiet-checks.js'
import { Races } from './races.js'
import { checkCounts } from './sight-checks.js'
import { Actor } from './sim-actor.js'
import { endWithoutFaults } from './sim-ending.js'
import { watchGarbage } from './sim-garbage.js'
import { SimGraph } from './sim-graph.js'
import { Liveness } from './sim-liveness.js'
import { type SimLaneOptions, SimScheduler } from './sim-scheduler.js'
import { settle } from './sim-settling.js'
import type { SimThread } from './sim-thread.js'
import { SimWorld } from './sim-world.js'

/** So many turns with faults, at most. */
const MOST_TURNS = 1_500

/** A thread dies. */
export interface PlannedDeath {
  /** At which turn. */
  readonly turn: number
  /** One of those that do so, if any does. */
  readonly aim: 'runs' | 'waits' | 'has submitted'
  /** Which of those. */
  readonly thread: number
  /** After how many steps more of its own. */
  readonly steps: number
}

/** Main is blocked. */
export interface PlannedBlock {
  readonly turn: number
  /** For so many milliseconds. */
  readonly lasts: number
}

/** How a graph is run. */
export interface GraphSchedule {
  /** Decides the order of all that can happen in more than one. */
  readonly seed: number
  readonly lanes: readonly GraphLaneTerms[]
  readonly deaths: readonly PlannedDeath[]
  readonly blocks: readonly PlannedBlock[]
}

export interface GraphLaneTerms {
  readonly threads: number
  readonly concurrency: number
}

class GraphDetectors extends Detectors {
  /** Those that have died before the end of all. */
  readonly deaths: SimThread[] = []
  onDeath: (thread: SimThread) => void = () => {}
  isOver = false

  override died(thread: SimThread): void {
    if (!this.isOver) {
      this.deaths.push(thread)
      this.onDeath(thread)
    }
    super.died(thread)
  }
}

/** One run of a random graph of tasks in the simulation. */
class GraphRun {
  readonly #nodes: readonly GraphNode[]
  readonly #schedule: GraphSchedule
  readonly #sights: GraphSights
  readonly #world: SimWorld
  readonly #detectors: GraphDetectors
  readonly #held: HeldHandles
  readonly #graph: SimGraph
  readonly #scheduler: SimScheduler
  readonly #liveness: Liveness
  #isStarting = true
  #hasClosed = false

  constructor(nodes: readonly GraphNode[], schedule: GraphSchedule, sights: GraphSights) {
    this.#nodes = nodes
    this.#schedule = schedule
    this.#sights = sights
    const races = new Races()
    const world = new SimWorld(schedule.seed)
    const detectors = new GraphDetectors(schedule.seed, world, races)
    this.#world = world
    this.#detectors = detectors
    watchTables(world, races, (sender, sequence) => detectors.claimed(sender, sequence))
    watchWithin(races, detectors)
    watchGarbage(world)
    world.interleaving = world.random.pick([0, 0.1, 0.3])
    this.#held = new HeldHandles(world, races, detectors)
    this.#graph = new SimGraph(world, nodes, detectors, sights, this.#held)
    const grace = world.random.pick([5, 50])
    this.#scheduler = new SimScheduler(
      world,
      schedule.lanes.map((terms, i) => ({ ...ORDINARY, ...this.#lane(terms, GRAPH_LANES[i]!), grace })),
      { senders: 1, races, watcher: detectors, tasks: this.#graph.tasks },
    )
    detectors.watch(this.#scheduler)
    detectors.onDeath = thread => shapes.noteDeath(thread, this.#graph, sights)
    this.#liveness = new Liveness(world, detectors, this.#scheduler, () => this.#settle())
    world.onQuiet = () => {
      checkQuiet(this.#scheduler, detectors, world.now())
      this.#held.checkQuiet(this.#scheduler.living)
    }
    world.onDeath = (actor, at) => {
      const thread = this.#scheduler.allThreads.find(one => one.actor === actor)!
      detectors.sawDeath(thread, at)
    }
  }

  #lane({ threads, concurrency }: GraphLaneTerms, name: GraphLane): Partial<SimLaneOptions> {
    // What brings something to a task has to come to its thread.
    const isBroughtTo = this.#nodes.some(({ lane, brought }) => lane === name && brought !== null)
    const count = isBroughtTo ? 1 : threads
    return { concurrency, threads: { min: count, max: count, idleTimeout: 1_000 } }
  }

  get violation(): Error | null {
    return this.#world.violation
  }

  async play(): Promise<void> {
    const world = this.#world
    const { main } = this.#scheduler
    this.#scheduler.life.start().then(() => {
      this.#isStarting = false
    })
    for (let turn = 0; turn < MOST_TURNS && !this.#isOver; turn++) {
      for (const death of this.#schedule.deaths) if (death.turn === turn) this.#kill(death)
      for (const block of this.#schedule.blocks) if (block.turn === turn) this.#block(block)
      if (world.random.chance(0.3) && main.actor.canRun)
        world.run(main.actor, () => this.#graph.submitNext(main))
      else world.step()
      await this.#settle()
      this.#detectors.afterStep()
    }
    await this.#withoutFaults()
    await this.#conclude()
  }

  get #isOver(): boolean {
    return this.#graph.isSubmitted && this.#scheduler.livingSenders.every(({ open }) => open.size === 0)
  }

  #kill({ aim, thread, steps }: PlannedDeath): void {
    const ready = this.#scheduler.living.filter(({ phase }) => phase === 'ready')
    const aimed = ready.filter(one => {
      if (aim === 'waits') return one.waiting > 0
      return aim === 'runs' || (one.sender !== null && one.sender.open.size > 0)
    })
    const among = aimed.length > 0 ? aimed : ready
    if (among.length > 0) among[thread % among.length]!.actor.doom = 1 + steps
  }

  #block({ lasts }: PlannedBlock): void {
    const { actor } = this.#scheduler.main
    actor.parked = true
    shapes.noteBlock(this.#graph, this.#sights)
    this.#world.timersOf(new Actor('whatever blocks')).after(lasts, () => {
      actor.parked = false
    })
  }

  async #withoutFaults(): Promise<void> {
    const run = this
    await this.#liveness.until('its submission', () => {
      const { main } = this.#scheduler
      main.actor.parked = false
      if (main.actor.canRun) this.#world.run(main.actor, () => this.#graph.submitNext(main))
      return this.#graph.isSubmitted
    })
    return endWithoutFaults({
      scheduler: this.#scheduler,
      detectors: this.#detectors,
      liveness: this.#liveness,
      held: this.#held,
      isUp: true,
      openWaits: 0,
      get isMoving() {
        return run.#isStarting
      },
      get hasClosed() {
        return run.#hasClosed
      },
      close: () => this.#close(),
    })
  }

  #close(): void {
    this.#detectors.isOver = true
    const { life, main } = this.#scheduler
    this.#scheduler.ending = true
    this.#world.run(main.actor, () => {
      life.close(2_000).then(() => {
        this.#hasClosed = true
      })
    })
  }

  #settle(): Promise<void> {
    return settle(this.#world)
  }

  async #conclude(): Promise<void> {
    await this.#settle()
    checkStrays(this.#scheduler, this.#detectors)
    for (const sender of this.#scheduler.ownedSenders) checkCounts(sender, this.#detectors)
    checkGraph(this.#nodes, this.#graph, this.#detectors, this.#detectors.deaths, this.#sights)
    shapes.noteEnd(this.#nodes, this.#graph, this.#sights)
  }
}

const ORDINARY: SimLaneOptions = {
  threads: { min: 1, max: 1, idleTimeout: 1_000 },
  concurrency: 1,
  grace: 50,
  queueLimit: Number.POSITIVE_INFINITY,
  overload: 'reject',
  spin: 0,
  stallAfter: Number.POSITIVE_INFINITY,
  onStall: 'report',
  restart: { max: 1_000, within: 10_000 },
  // Time may leap to whatever is due next.
  startTimeout: Number.POSITIVE_INFINITY,
}

/**
 * Runs a graph of tasks in the simulation.
 *
 * @param sights the shapes that were met are added to
 * @throws Violation, which names the seed of the order, the step and the detector
 */
export async function runGraph(
  nodes: readonly GraphNode[],
  schedule: GraphSchedule,
  sights = new GraphSights(),
): Promise<void> {
  const own = new GraphSights()
  const run = new GraphRun(nodes, schedule, own)
  try {
    await run.play()
  } catch (error) {
    // What was wrong first, and not what came of it.
    throw run.violation ?? error
  } finally {
    watchTables(null, null)
    watchWithin(null)
    watchGarbage(null)
    // All of it was microtasks, and some memory is only given back between tasks.
    await new Promise(setImmediate)
  }
  sights.add(own)
  if (run.violation !== null) throw run.violation
}
