import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import { Actor } from './sim-actor.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What befalls the threads of a run. */
export class SimFaults {
  readonly #world: SimWorld
  readonly #scheduler: SimScheduler
  readonly #detectors: Detectors
  readonly #races: Races
  /** How many threads have been lost by it. */
  deaths = 0

  constructor(world: SimWorld, scheduler: SimScheduler, detectors: Detectors, races: Races) {
    this.#world = world
    this.#scheduler = scheduler
    this.#detectors = detectors
    this.#races = races
  }

  /** A submitting thread is blocked for a while, or goes on. */
  park({ actor }: SimSender): void {
    actor.parked = !actor.parked && this.#world.random.chance(0.5)
    if (!actor.parked) return
    // Its turn to wake must come, though not by itself: it would hold up all that follows.
    const { random } = this.#world
    this.#world
      .timersOf(new Actor('whatever blocks'))
      .after(random.below(random.pick([100, 100, 3000])), () => {
        actor.parked = false
      })
  }

  killAny(): void {
    const { random } = this.#world
    const { living } = this.#scheduler
    if (living.length === 0) return
    const thread = random.pick(living)
    if (random.chance(0.3)) thread.outOfMemory = true
    if (random.chance(0.8)) {
      thread.actor.doom = 1 + random.below(random.pick([4, 60]))
      return
    }
    this.noteDeath(thread, 'between two things')
    thread.actor.die()
  }

  noteDeath(thread: SimThread, at: string): void {
    if (thread.phase !== 'starting') this.deaths++
    this.#detectors.sawDeath(thread, at)
  }

  closeAnyPort(): void {
    const { random } = this.#world
    const { living } = this.#scheduler
    if (this.#world.usersCode !== null && random.chance(0.5)) {
      this.#closeAnySendingPort()
      return
    }
    const thread = living.length === 0 ? undefined : random.pick(living)
    const port = thread?.ports[random.below(thread.ports.length)]
    // The first is that to the supervisor, which has no other end than the thread's own.
    if (thread === undefined || port === undefined || port === thread.ports[0]) return
    this.#races.hit('port closed under a living thread')
    this.deaths++
    thread.isCutOff = true
    port.close()
  }

  /** At the end of whoever submits. */
  #closeAnySendingPort(): void {
    const port = this.#world.random.pick([
      ...this.#world.random.pick(this.#scheduler.livingSenders).links.keys(),
    ])
    const thread = port === undefined || port.isClosedHere ? undefined : this.#detectors.threadAt(port)
    if (port === undefined || thread === undefined || thread.isGone) return
    this.#races.hit('port closed under a living sender')
    this.deaths++
    thread.isCutOff = true
    port.break()
  }
}
