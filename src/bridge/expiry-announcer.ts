import type { Clock } from '../core/clock.js'

/** The clocks of two threads agree to within far less than this. */
const MOST_APART_MS = 1

/**
 * Tells the supervisor's watch of the limits that one thread sets, and seldom.
 *
 * The watch looks at all tables at the last instant that each thread has announced, so whatever that thread has put
 * into a table before then is found by that look. Only what comes before that instant has to be told, and whatever
 * comes when it has passed, or may have passed for the watch.
 */
export class ExpiryAnnouncer {
  readonly #clock: Clock
  readonly #tell: (at: number) => void
  #announced = Number.NEGATIVE_INFINITY

  /** @param tell announces an instant to the watch; of those of this thread it keeps the last */
  constructor(clock: Clock, tell: (at: number) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** @param at the instant at which a limit runs out that stands in its table by now */
  announce(at: number): void {
    if (at >= this.#announced && this.#announced > this.#clock.now() + MOST_APART_MS) return
    this.#announced = at
    this.#tell(at)
  }
}
