/**
 * Time is a value here: everything in the core that needs an instant is given a `Clock`, so that a test
 * owns the time and a simulated run can be replayed from its seed.
 *
 * Instants are milliseconds, with fractions, on one monotonic scale that all threads of the process share.
 * They never jump, whatever is done to the wall clock.
 */
export interface Clock {
  /** The present instant, in monotonic milliseconds. */
  now(): number
}

/**
 * Translates between monotonic instants and epoch milliseconds.
 *
 * Timestamps are shown as the epoch at which the scheduler began plus monotonic time passed since, so two of
 * them always differ by the time that really went by. A deadline comes the other way and is translated by the
 * wall clock of the moment it is given, so that it means what its author's `Date.now()` meant.
 */
export class Epoch {
  readonly #offset: number

  /**
   * @param wall epoch milliseconds of some instant
   * @param instant the same instant on the monotonic scale
   */
  constructor(wall: number, instant: number) {
    this.#offset = wall - instant
  }

  /** The epoch milliseconds shown for a monotonic instant. */
  fromInstant(instant: number): number {
    return instant + this.#offset
  }
}
