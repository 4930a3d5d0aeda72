import type { LaneTerms } from '#src/bridge/sender-context.js'
import { ClosedError, LaneError, TaskCanceledError } from '#src/core/errors.js'
import { type LaneConfig, setUpLanes } from '#src/lanes/lane-config.js'
import { termsOf } from '#src/lanes/lane-terms.js'
import { Supervisor } from '#src/lanes/supervisor.js'
import type { Races } from './races.js'
import { Actor } from './sim-actor.js'
import type { NestedCalls } from './sim-calls.js'
import { SimChannels } from './sim-channels.js'
import type { SimHandles } from './sim-handles.js'
import { type PoolFaults, type PoolWatcher, SimPool } from './sim-pool.js'
import type { SimPort } from './sim-port.js'
import { type SenderSurroundings, SimSender } from './sim-sender.js'
import type { SimTask } from './sim-tasks.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** Those of senders that are no lane's threads, but for the first: their numbers are far from those of threads. */
const FIRST_OTHER = 1_000_000
/** The thread of the supervisor is ended when it has not closed so long after the time it was given. */
const LAST_RESORT_MS = 100

export interface GenerationTerms {
  readonly configs: readonly LaneConfig[]
  readonly faults: PoolFaults
  /** The threads that submit. */
  readonly actors: readonly Actor[]
  readonly races: Races
  readonly watcher: PoolWatcher
  readonly calls: NestedCalls | null
  readonly handles: SimHandles | null
  readonly tasks: Readonly<Record<string, SimTask>>
  readonly opened: (sender: SimSender, port: SimPort) => void
  /** The senders of the start before, if there was one. */
  readonly before: readonly SimSender[] | undefined
}

/** What a scheduler makes anew at each start: a supervisor with its threads, and a sender on each thread that submits. */
export class SimGeneration {
  /** On the threads that made it. */
  readonly senders: SimSender[] = []
  /** Those of all lanes. */
  readonly threads: SimThread[] = []
  readonly supervisorActor = new Actor('supervisor')
  readonly supervisor: Supervisor
  /** What its life needs of it. */
  readonly connection: object
  closed = false
  /** Whether the supervisor has been told to close. */
  isClosing = false
  readonly #world: SimWorld
  readonly #races: Races
  /** Whether its end has come to the lanes. */
  #closing = false
  #refuseAnswer = (): void => {}

  constructor(world: SimWorld, generation: GenerationTerms) {
    const { configs, faults, actors, races, watcher, calls, handles, tasks, opened, before } = generation
    this.#world = world
    this.#races = races
    const setups = setUpLanes(configs)
    const terms: LaneTerms[] = setups.map(lane => ({ ...termsOf(lane), spin: 0 }))
    const channels = new SimChannels(world, new Actor('nobody'))
    const surroundings: SenderSurroundings = { world, channels, races, opened }
    const { threads, supervisorActor } = this
    const pool = (): SimPool =>
      new SimPool(
        { ...surroundings, terms, calls, handles, tasks, watcher },
        threads,
        supervisorActor,
        faults,
      )
    const pools = new Map(configs.map(({ name }) => [name, pool()]))
    this.supervisor = new Supervisor({ lanes: setups, epochOffset: 0 }, pools, {
      clock: world,
      timers: world.timersOf(this.supervisorActor),
      channel: () => channels.make(),
      open: end => channels.open(end, this.supervisorActor),
      stackOf: threadId => this.#stackOf(threadId),
      write: () => races.hit('stall unheard'),
    })
    actors.forEach((actor, i) => {
      const { port1, port2 } = channels.make()
      const number = i === 0 ? 0 : FIRST_OTHER + i
      const sender = SimSender.owner(number, actor, surroundings, port1, terms, before?.[i]?.past)
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

  /** Those of its threads that have not gone. */
  get living(): SimThread[] {
    return this.threads.filter(thread => !thread.isGone)
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
        const isGone = this.threads[threadId - 1]!.isGone
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
      const refusal = new LaneError('ERR_LANE_CLOSED', '', 'closed')
      world.later(actor, () => {
        for (const lane of sender) {
          lane.refuse(refusal)
          lane.cancelAll(name => new TaskCanceledError(name, refusal))
        }
      })
    }
    const closed = new Promise<void>(resolve => {
      world.later(this.supervisorActor, () => {
        this.isClosing = true
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
    for (const thread of this.living) thread.actor.die()
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
