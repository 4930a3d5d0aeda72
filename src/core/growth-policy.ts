/**
 * When a sender asks for one more thread for a lane.
 *
 * It asks when a task has waited for `GROW_AFTER_MS` that could have been started by a thread more, and again after
 * each further `GROW_AFTER_MS` for as long as that is so. It does not ask on a blip: after a burst has been submitted,
 * it looks once, and by then a burst of tiny tasks is done. A wait counts only from the instant at which the lane had
 * the threads it has now: while it had none, or before the latest has joined, waiting says nothing about how many are
 * needed. And if the look itself comes late, the sender's own thread was elsewhere; what it has not read yet may well
 * be the answers, so it looks once more. Only once, since a sender that is always late must not keep its lane small.
 */
export const GROW_AFTER_MS = 20
/** A look that is later than this tells of the sender's thread, not of the lane. */
const LATE_MS = 10

export interface GrowthDecision {
  /** Whether to ask for a thread. */
  readonly grow: boolean
  /** The instant of the next look; Infinity if there is nothing to look for until `flushed` says so. */
  readonly lookAt: number
}

const REST: GrowthDecision = { grow: false, lookAt: Number.POSITIVE_INFINITY }

export class GrowthPolicy {
  readonly #max: number
  #threads = 0
  #settled = 0
  #lookAt = Number.POSITIVE_INFINITY
  #wasLate = false

  /** @param max the most threads the lane may have */
  constructor(max: number) {
    this.#max = max
  }

  /**
   * All that there was credit for has been sent.
   *
   * @param threads how many threads the lane has, as the sender knows
   * @param open whether any task is accepted and not answered
   * @returns the instant at which to look; Infinity if a look is ahead already, or none is needed
   */
  flushed(now: number, threads: number, open: boolean): number {
    if (threads > this.#threads) this.#settled = now
    this.#threads = threads
    if (!open || this.#lookAt !== Number.POSITIVE_INFINITY || !this.#mayGrow) return Number.POSITIVE_INFINITY
    this.#wasLate = false
    return this.#lookIn(now + GROW_AFTER_MS)
  }

  /**
   * Looks at what waits.
   *
   * @param oldestWaiting the instant since when a task has waited: of the oldest, or of any that has waited since
   *   `enough` or longer; Infinity if none waits
   */
  look(now: number, oldestWaiting: (enough: number) => number): GrowthDecision {
    const late = now - this.#lookAt > LATE_MS && !this.#wasLate
    this.#lookAt = Number.POSITIVE_INFINITY
    if (!this.#mayGrow) return REST
    const oldest = oldestWaiting(now - GROW_AFTER_MS)
    if (oldest === Number.POSITIVE_INFINITY) return REST
    this.#wasLate = late
    if (late) this.#settled = now
    // Compared as a sum, so that the next look is never at this same instant, whatever rounding does.
    const ripe = Math.max(oldest, this.#settled) + GROW_AFTER_MS
    const grow = ripe <= now
    return { grow, lookAt: this.#lookIn(grow ? now + GROW_AFTER_MS : ripe) }
  }

  get #mayGrow(): boolean {
    return this.#threads > 0 && this.#threads < this.#max
  }

  #lookIn(at: number): number {
    this.#lookAt = at
    return at
  }
}
