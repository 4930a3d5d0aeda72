import type { Worker } from 'node:worker_threads'
import type { Lease } from '#src/lanes/lease.js'
import type { ThreadSource } from '#src/lanes/surroundings.js'
import type { Actor } from './sim-actor.js'
import { SimThread, type StartFate } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'
import type { ThreadSurroundings } from './thread-surroundings.js'
import type { ThreadWatcher } from './thread-watcher.js'

interface LeasedThread {
  readonly thread: SimThread
  readonly exits: ((code: number) => void)[]
  /** Whether the pool has ended and forgotten it. */
  removed: boolean
  /** Whether its `exit` has been seen. */
  exited: boolean
}

/** Who watches what threads do, and how many there are. */
export interface PoolWatcher extends ThreadWatcher {
  /** One was asked for; its lane's pool has so many, those left out that it has ended and forgotten. */
  leased(lane: string, held: number): void
}

/** How often what happens to threads. */
export interface PoolFaults {
  /** A thread that is ended is in native code, and goes on for a while. */
  lingers: number
  failsToLoad: number
  neverStarts: number
}

/** Where simulated threads come from: what piscina does, as far as `LaneThread` sees of it. */
export class SimPool implements ThreadSource {
  readonly faults: PoolFaults
  readonly #world: SimWorld
  readonly #surroundings: ThreadSurroundings
  readonly #threads: SimThread[]
  readonly #supervisor: Actor
  readonly #leased: LeasedThread[] = []

  /** @param threads those of all lanes, in the order in which they are leased; they are added there */
  constructor(surroundings: ThreadSurroundings, threads: SimThread[], supervisor: Actor, faults: PoolFaults) {
    this.#world = surroundings.world
    this.#surroundings = surroundings
    this.#threads = threads
    this.#supervisor = supervisor
    this.faults = faults
  }

  onError(): void {}

  /** What it ends it never replaces. */
  replaceNoMore(): void {}

  lease(terms: Lease, signal: AbortSignal): Promise<never> {
    // The promises of a supervisor that is dead are settled all the same.
    if (this.#supervisor.dead) return new Promise(() => {})
    return new Promise((_, reject) => {
      const thread = new SimThread(this.#threads.length + 1, this.#surroundings, terms, this.#fate(), died =>
        this.#tellOfDeath(died, leased, reject),
      )
      const leased: LeasedThread = { thread, exits: [], removed: false, exited: false }
      this.#threads.push(thread)
      this.#leased.push(leased)
      const held = this.#leased.filter(({ removed }) => !removed).length
      this.#surroundings.watcher.leased(terms.config.name, held)
      signal.addEventListener('abort', () => {
        leased.removed = true
        this.#world.unsettle(this.#supervisor)
        reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))
        this.end(thread)
      })
    })
  }

  worker(threadId: number): Worker | undefined {
    const leased = this.#leased.find(({ thread, exited }) => thread.id === threadId && !exited)
    if (leased === undefined) return undefined
    const worker = {
      // Promises settle between turns alone, and a task that holds its loop does so within one: what is awaited meanwhile
      // comes too late. So half of the threads have no stack to be waited for.
      threadId: this.#world.random.chance(0.5) ? threadId : undefined,
      once: (_: 'exit', call: (code: number) => void) => leased.exits.push(call),
      terminate: () => Promise.resolve(0),
      performance: { eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }) },
    }
    return worker as unknown as Worker
  }

  async destroy(): Promise<void> {
    for (const { thread } of this.#leased) if (!thread.isGone) this.end(thread)
  }

  /** Ends a thread from outside: where it stands, or, if it is in native code, a while later. */
  end(thread: SimThread): void {
    const { random } = this.#world
    thread.terminated = true
    if (thread.native.isOn) return
    if (thread.actor.running || !random.chance(this.faults.lingers)) {
      thread.actor.die()
      return
    }
    thread.actor.parked = true
    this.#world.timersOf(this.#supervisor).after(random.below(200), () => thread.actor.die())
  }

  #fate(): StartFate {
    const roll = this.#world.random.next()
    if (roll < this.faults.failsToLoad) return 'fails to load'
    return roll < this.faults.failsToLoad + this.faults.neverStarts ? 'never ends' : 'starts'
  }

  /** The worker's `error` event may come some time before its `exit`; without one they are the same. */
  #tellOfDeath(thread: SimThread, leased: LeasedThread, reject: (error: Error) => void): void {
    const world = this.#world
    const died = (): void => {
      leased.removed = true
      this.#world.unsettle(this.#supervisor)
      const code = thread.outOfMemory ? 'ERR_WORKER_OUT_OF_MEMORY' : undefined
      reject(Object.assign(new Error('the worker is gone'), code === undefined ? {} : { code }))
    }
    const exited = (): void => {
      died()
      leased.exited = true
      for (const call of leased.exits) call(thread.exitCode)
      // What the supervisor does then takes it some promises.
      world.later(this.#supervisor, () => {
        thread.hasExited = true
      })
    }
    if (!thread.outOfMemory) {
      world.later(this.#supervisor, exited)
      return
    }
    world.later(this.#supervisor, () => {
      died()
      world.later(this.#supervisor, exited)
    })
  }
}
