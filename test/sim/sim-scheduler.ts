import { LaneLink } from '#src/bridge/lane-link.js'
import type { LaneConfig } from '#src/lanes/lane-config.js'
import type { SchedulerConnection } from '#src/lanes/scheduler-connection.js'
import { SchedulerLife } from '#src/lanes/scheduler-life.js'
import type { Races } from './races.js'
import { Actor } from './sim-actor.js'
import type { NestedCalls } from './sim-calls.js'
import { SimGeneration } from './sim-generation.js'
import type { SimHandles } from './sim-handles.js'
import type { PoolFaults, PoolWatcher } from './sim-pool.js'
import type { SimPort } from './sim-port.js'
import type { SimSender } from './sim-sender.js'
import type { SimTask } from './sim-tasks.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

export type SimLaneOptions = Pick<
  LaneConfig,
  | 'threads'
  | 'concurrency'
  | 'queueLimit'
  | 'overload'
  | 'grace'
  | 'spin'
  | 'stallAfter'
  | 'onStall'
  | 'restart'
> &
  Partial<Pick<LaneConfig, 'startTimeout'>>

/** Who watches a simulated scheduler. */
export interface SchedulerWatcher extends PoolWatcher {
  /** A sender has a connection to a thread more. */
  opened(sender: SimSender, port: SimPort): void
  /** It has begun anew, with other senders. */
  startedAgain(): void
}

const send = LaneLink.prototype.send
/** So that detectors see what a sender counts of each of its connections. */
LaneLink.prototype.send = function (this: LaneLink, ...message: Parameters<typeof send>): void {
  onLink(this)
  send.apply(this, message)
}
let onLink: (link: LaneLink) => void = () => {}

/** What they are called. */
export const LANES = ['a', 'b', 'c', 'd'] as const

/**
 * A scheduler with its lanes in one thread: the real life, supervisor, lane, senders and run loops, on simulated ports
 * and clock. Only what makes and ends threads is simulated, and what of `lane-entry` is about a thread of its own.
 */
export class SimScheduler {
  readonly life: SchedulerLife<unknown, SchedulerConnection>
  /** Those of its lanes, by their names. */
  readonly configs: ReadonlyMap<string, LaneConfig>
  readonly faults: PoolFaults = { lingers: 0, failsToLoad: 0, neverStarts: 0 }
  /** One for each start. */
  readonly generations: SimGeneration[] = []
  /** Lanes that have failed since it was started. */
  readonly failedLanes = new Set<string>()
  /** Whether somebody has told it to end. */
  ending = false

  constructor(
    world: SimWorld,
    lanes: readonly SimLaneOptions[],
    {
      senders,
      races,
      watcher,
      calls = null,
      handles = null,
      tasks = {},
    }: {
      readonly senders: number
      readonly races: Races
      readonly watcher: SchedulerWatcher
      readonly calls?: NestedCalls | null
      readonly handles?: SimHandles | null
      readonly tasks?: Readonly<Record<string, SimTask>>
    },
  ) {
    const configs = lanes.map((options, i): LaneConfig => ({ ...REST, name: LANES[i]!, ...options }))
    this.configs = new Map(configs.map(config => [config.name, config]))
    const ports = new Map<SimPort, SimSender>()
    onLink = link => {
      const port = link.port as SimPort
      ports.get(port)?.links.set(port, link)
    }
    const actors = Array.from(
      { length: senders },
      (_, number) => new Actor(number === 0 ? 'main' : `sender ${number}`),
    )
    const opened = (sender: SimSender, port: SimPort): void => {
      ports.set(port, sender)
      watcher.opened(sender, port)
    }
    const begin = (): void => {
      const before = this.generations.at(-1)?.senders
      const { faults } = this
      this.failedLanes.clear()
      const terms = { configs, faults, actors, races, watcher, calls, handles, tasks, opened, before }
      this.generations.push(new SimGeneration(world, terms))
    }
    // Before it is started, so that it can be watched from its beginning.
    begin()
    const connect = (last: SchedulerConnection | null): SchedulerConnection => {
      if (last !== null) {
        begin()
        watcher.startedAgain()
      }
      return this.#present.connection as unknown as SchedulerConnection
    }
    this.life = new SchedulerLife(
      this,
      Math.max(...lanes.map(({ grace }) => grace)),
      { connect, ended: () => {} },
      world,
    )
  }

  get #present(): SimGeneration {
    return this.generations.at(-1)!
  }

  configOf(lane: string): LaneConfig {
    return this.configs.get(lane)!
  }

  /** The present ones on the threads that made it. */
  get senders(): readonly SimSender[] {
    return this.#present.senders
  }

  /** Those, and those of its threads that live. */
  get livingSenders(): SimSender[] {
    const { senders, threads } = this.#present
    const living = [...senders]
    for (const { sender, isGone } of threads) if (sender !== null && !isGone) living.push(sender)
    return living
  }

  /** Those on the threads that made it, of earlier starts as well. */
  get ownedSenders(): SimSender[] {
    return this.generations.flatMap(({ senders }) => senders)
  }

  /** Those of its threads, of earlier starts and of threads that have gone as well. */
  get threadSenders(): SimSender[] {
    return this.generations.flatMap(({ threads }) => threads.flatMap(({ sender }) => sender ?? []))
  }

  /** The present threads, those that have gone as well. */
  get threads(): readonly SimThread[] {
    return this.#present.threads
  }

  /** The present threads that have not gone. */
  get living(): SimThread[] {
    return this.#present.living
  }

  get allThreads(): SimThread[] {
    return this.generations.flatMap(({ threads }) => threads)
  }

  /** Whether the supervisor has been told to close. */
  get isClosing(): boolean {
    return this.#present.isClosing
  }

  get supervisorActor(): Actor {
    return this.#present.supervisorActor
  }

  /** Whether nothing of it runs. */
  get closed(): boolean {
    return this.#present.closed
  }

  /** The sender on the thread that made the scheduler. */
  get main(): SimSender {
    return this.senders[0]!
  }
}

const REST: Omit<LaneConfig, 'name' | Exclude<keyof SimLaneOptions, 'startTimeout'>> = {
  rank: 0,
  tasks: '',
  os: 'normal',
  slowCallback: 5,
  startTimeout: 60,
  resourceLimits: undefined,
  env: {},
  workerData: undefined,
  execArgv: undefined,
}
