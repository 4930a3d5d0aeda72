import type { Clock } from '../core/clock.js'
import type { Reminders } from '../core/reminders.js'

/** Between two looks, in milliseconds: doubled from the first to the last as long as there is nothing to see. */
const FIRST_LOOK_MS = 1
const LAST_LOOK_MS = 32

/**
 * Looks for room in a lane's queue now and then while tasks wait for some. A task that starts leaves the queue, and its
 * thread tells so before one that may hold the loop; of one that is known to be fast, and holds it this once, nobody
 * would tell.
 */
export class RoomWatch {
  readonly #clock: Clock
  readonly #reminders: Reminders<() => void>
  readonly #look: () => void
  #armed = false
  #pause = FIRST_LOOK_MS

  constructor(clock: Clock, reminders: Reminders<() => void>, look: () => void) {
    this.#clock = clock
    this.#reminders = reminders
    this.#look = look
  }

  /** There was room. */
  found(): void {
    this.#pause = FIRST_LOOK_MS
  }

  /** Tasks wait for room. */
  arm(): void {
    if (this.#armed) return
    this.#armed = true
    this.#reminders.add(this.#clock.now() + this.#pause, () => {
      this.#armed = false
      this.#pause = Math.min(2 * this.#pause, LAST_LOOK_MS)
      this.#look()
    })
  }
}
