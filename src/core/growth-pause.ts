/**
 * How long no further thread is asked for when the operating system gave none: a tenth of a second, then each time in a
 * row twice as long.
 */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export class GrowthPause {
  #until = Number.NEGATIVE_INFINITY
  #next = FIRST_PAUSE_MS

  /** The instant at which a thread may be asked for. */
  get until(): number {
    return this.#until
  }

  /**
   * A thread was asked for in vain. Those that were asked for together count as one.
   *
   * @returns whether for the first time since there was one
   */
  refused(now: number): boolean {
    if (now < this.#until) return false
    const isFirst = this.#next === FIRST_PAUSE_MS
    this.#until = now + this.#next
    this.#next = Math.min(LONGEST_PAUSE_MS, this.#next * 2)
    return isFirst
  }

  /** There is a new thread. */
  given(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.#next = FIRST_PAUSE_MS
  }
}
