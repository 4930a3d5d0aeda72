import type { LaneTerms } from '#src/bridge/sender-context.js'
import { ClosedError, LaneError, TaskCanceledError } from '#src/core/errors.js'
import type { LaneConfig } from '#src/lanes/lane-config.js'
import { Supervisor } from '#src/lanes/supervisor.js'
import type { Races } from './races.js'
import { Actor } from './sim-actor.js'
import { SimChannels } from './sim-channels.js'
import { type PoolFaults, type PoolWatcher, SimPool } from './sim-pool.js'
import type { SimPort } from './sim-port.js'
import { SimSender } from './sim-sender.js'
import type { SimWorld } from './sim-world.js'

export const LANE = 'lane'
/** The thread of the supervisor is ended when it has not closed so long after the time it was given. */
const LAST_RESORT_MS = 100

export interface GenerationTerms {
  readonly config: LaneConfig
  readonly faults: PoolFaults
  /** The threads that submit. */
  readonly actors: readonly Actor[]
  readonly races: Races
  readonly watcher: PoolWatcher
  readonly opened: (sender: SimSender, port: SimPort) => void
  /** The senders of the start before, if there was one. */
  readonly before: readonly SimSender[] | undefined
}

/** What a scheduler makes anew at each start: a supervisor with its threads, and a sender on each thread that submits. */
export class SimGeneration {
  readonly senders: SimSender[] = []
  readonly pool: SimPool
  readonly supervisorActor = new Actor('supervisor')
  readonly supervisor: Supervisor
  /** What its life needs of it. */
  readonly connection: object
  closed = false
  readonly #world: SimWorld
  readonly #races: Races
  /** Whether its end has come to the lanes. */
  #closing = false
  #refuseAnswer = (): void => {}

  constructor(world: SimWorld, { config, faults, actors, races, watcher, opened, before }: GenerationTerms) {
    this.#world = world
    this.#races = races
    const { concurrency, queueLimit, overload, threads } = config
    const terms: LaneTerms = { name: LANE, concurrency, queueLimit, overload, threads, spin: 0 }
    const channels = new SimChannels(world, new Actor('nobody'))
    this.pool = new SimPool(world, channels, this.supervisorActor, watcher, faults)
    this.supervisor = new Supervisor({ lanes: [config], epochOffset: 0 }, new Map([[LANE, this.pool]]), {
      clock: world,
      timers: world.timersOf(this.supervisorActor),
      channel: () => channels.make(),
      open: end => channels.open(end, this.supervisorActor),
      stackOf: threadId => this.#stackOf(threadId),
      write: () => races.hit('stall unheard'),
    })
    actors.forEach((actor, number) => {
      const { port1, port2 } = channels.make()
      const past = before?.[number]?.past
      const sender = new SimSender(number, actor, world, channels, port1, terms, races, opened, past)
      world.run(this.supervisorActor, () => this.supervisor.addSender(number, port2))
      sender.listen(() => this.#orphaned(sender))
      this.senders.push(sender)
    })
    let starting: Promise<void> | null = null
    world.run(this.supervisorActor, () => {
      starting = this.supervisor.start()
    })
    this.connection = {
      sender: this.#main.sender,
      started: () => this.#reachesMain(starting!).then(() => this.#main.sender.readNotices()),
      close: (within: number) => this.#close(within),
    }
  }

  get #main(): SimSender {
    return this.senders[0]!
  }

  /** The stack of a thread takes its time to be had, and more than that if the thread goes meanwhile. */
  #stackOf(threadId: number): Promise<string | undefined> {
    const { random } = this.#world
    if (random.chance(0.5)) return Promise.resolve(undefined)
    return new Promise(resolve => {
      this.#world.timersOf(this.supervisorActor).after(random.below(30), () => {
        const isGone = this.pool.threads[threadId - 1]!.isGone
        if (isGone) this.#races.hit('stalled thread gone while its stack was looked at')
        resolve(isGone ? undefined : 'at simulated')
      })
    })
  }

  /** The answer of the supervisor takes its time, and waits for main. What it has not answered when it ends it never will. */
  #reachesMain(answer: Promise<void>): Promise<void> {
    const { actor } = this.#main
    return new Promise((resolve, reject) => {
      this.#refuseAnswer = () => reject(new ClosedError('the supervisor has gone'))
      answer.then(
        () => this.#world.later(actor, resolve),
        (error: unknown) => this.#world.later(actor, () => reject(error)),
      )
    })
  }

  async #close(within: number): Promise<void> {
    this.#closing = true
    const world = this.#world
    for (const { actor, sender } of this.senders.slice(1)) {
      const refusal = new LaneError('ERR_LANE_CLOSED', LANE, 'closed')
      world.later(actor, () => {
        for (const lane of sender) {
          lane.refuse(refusal)
          lane.cancelAll(name => new TaskCanceledError(name, refusal))
        }
      })
    }
    const closed = new Promise<void>(resolve => {
      world.later(this.supervisorActor, () => {
        this.supervisor.close(within).then(() => world.later(this.#main.actor, resolve))
      })
    })
    let stop = (): void => {}
    const lastResort = new Promise<void>(resolve => {
      stop = world.timersOf(this.#main.actor).after(within + LAST_RESORT_MS, resolve)
    })
    await Promise.race([closed, lastResort])
    stop()
    // What the end of the supervisor's thread is to all that it made.
    for (const thread of this.pool.living) thread.actor.die()
    this.supervisorActor.die()
    this.#refuseAnswer()
    for (const { notices } of this.senders) notices.peer.close()
    world.run(this.#main.actor, () =>
      this.#main.sender.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the lanes were closed')),
    )
    this.closed = true
  }

  #orphaned(sender: SimSender): void {
    if (sender === this.#main && this.#closing) return
    sender.sender.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the supervisor thread ended'))
  }
}
