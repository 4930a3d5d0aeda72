import { LaneLink } from '#src/bridge/lane-link.js'
import type { LaneConfig } from '#src/lanes/lane-config.js'
import type { SchedulerConnection } from '#src/lanes/scheduler-connection.js'
import { SchedulerLife } from '#src/lanes/scheduler-life.js'
import type { Races } from './races.js'
import { Actor } from './sim-actor.js'
import { LANE, SimGeneration } from './sim-generation.js'
import type { PoolFaults, PoolWatcher, SimPool } from './sim-pool.js'
import type { SimPort } from './sim-port.js'
import type { SimSender } from './sim-sender.js'
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
>

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

/**
 * A scheduler with one lane in one thread: the real life, supervisor, lane, senders and run loops, on simulated ports
 * and clock. Only what makes and ends threads is simulated, and what of `lane-entry` is about a thread of its own.
 */
export class SimScheduler {
  readonly life: SchedulerLife<unknown, SchedulerConnection>
  readonly config: LaneConfig
  readonly faults: PoolFaults = { lingers: 0, failsToLoad: 0, neverStarts: 0 }
  /** One for each start. */
  readonly generations: SimGeneration[] = []
  /** Whether somebody has told it to end. */
  ending = false

  constructor(
    world: SimWorld,
    options: SimLaneOptions,
    { senders, races, watcher }: { senders: number; races: Races; watcher: SchedulerWatcher },
  ) {
    this.config = { ...REST, ...options }
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
      const terms = { config: this.config, faults: this.faults, actors, races, watcher, opened, before }
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
    this.life = new SchedulerLife(this, options.grace, { connect, ended: () => {} }, world)
  }

  get #present(): SimGeneration {
    return this.generations.at(-1)!
  }

  /** The present ones. */
  get senders(): readonly SimSender[] {
    return this.#present.senders
  }

  /** Those of earlier starts as well. */
  get allSenders(): SimSender[] {
    return this.generations.flatMap(({ senders }) => senders)
  }

  get pool(): SimPool {
    return this.#present.pool
  }

  get allThreads(): SimThread[] {
    return this.generations.flatMap(({ pool }) => pool.threads)
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

const REST: Omit<LaneConfig, keyof SimLaneOptions> = {
  name: LANE,
  tasks: '',
  os: 'normal',
  slowCallback: 5,
  startTimeout: 60,
  resourceLimits: undefined,
  env: {},
  workerData: undefined,
  execArgv: undefined,
}
