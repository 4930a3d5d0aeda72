import type { Clock } from '../core/clock.js'
import type { Reminders } from '../core/reminders.js'
import type { PoolRun } from './pool-run.js'

/** A thread whose loop turns says itself that a module was too slow: it has so long to do so, in milliseconds. */
const OWN_WORD_MS = 100

/** What it needs of the lane whose runs it looks at. */
export interface LoadSurroundings {
  readonly clock: Clock
  readonly reminders: Reminders<() => void>
  /** Milliseconds that a module has to load. */
  readonly startTimeout: number
  runs(): Iterable<PoolRun>
  /** The module of a run's function is still not loaded. */
  tooSlow(run: PoolRun): void
}

/**
 * Finds the modules that hold their thread's loop as they are loaded: no timer of that thread can.
 *
 * One look is set at a time, whatever the number of runs, and none once all that have begun have their module.
 */
export class LoadWatch {
  readonly #surroundings: LoadSurroundings
  readonly #limit: number
  #isSet = false

  constructor(surroundings: LoadSurroundings) {
    this.#surroundings = surroundings
    this.#limit = surroundings.startTimeout + OWN_WORD_MS
  }

  /** A run has been handed to the pool. */
  begun(now: number): void {
    if (!this.#isSet) this.#lookAt(now + this.#limit)
  }

  #lookAt(at: number): void {
    this.#isSet = true
    this.#surroundings.reminders.add(at, () => this.#look())
  }

  #look(): void {
    this.#isSet = false
    const { clock, runs, tooSlow } = this.#surroundings
    const now = clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const run of [...runs()]) {
      const { over, task, cell } = run
      if (over || task.dead || cell.isLoaded) continue
      const until = (cell.isBegun ? cell.begun : now) + this.#limit
      if (until <= now) tooSlow(run)
      else next = Math.min(next, until)
    }
    if (next !== Number.POSITIVE_INFINITY && !this.#isSet) this.#lookAt(next)
  }
}
