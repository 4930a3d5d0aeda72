import type { Clock } from '../core/clock.js'
import { GrowthPause } from '../core/growth-pause.js'
import type { Reminders } from '../core/reminders.js'

/**
 * How many tasks may have a thread of a pool at a time: as many as it can have threads; or, for a while after the operating
 * system gave it none, as many as it has.
 */
export class PoolPlaces {
  taken = 0
  readonly #all: number
  readonly #clock: Clock
  readonly #reminders: Reminders<() => void>
  readonly #pause = new GrowthPause()
  readonly #more: () => void
  #most: number

  /** @param more there are as many as ever */
  constructor(all: number, clock: Clock, reminders: Reminders<() => void>, more: () => void) {
    this.#all = all
    this.#most = all
    this.#clock = clock
    this.#reminders = reminders
    this.#more = more
  }

  get hasRoom(): boolean {
    return this.taken < this.#most
  }

  /** There is no thread for one of the tasks. @returns whether for the first time since there was one */
  refused(threads: number): boolean {
    const isPausing = this.#most < this.#all
    this.#most = threads
    const isFirst = this.#pause.refused(this.#clock.now())
    if (!isPausing) this.#reminders.add(this.#pause.until, () => this.#restore())
    return isFirst
  }

  given(): void {
    this.#pause.given()
  }

  #restore(): void {
    this.#most = this.#all
    this.#more()
  }
}
