import type { RestartLimits } from './restart-budget.js'

/**
 * How many threads a lane may spend on stalled tasks: at most `max` within any `within` milliseconds. Once it is spent
 * nothing is done about a stall until the oldest of them is that long ago, so that a lane of which every task stalls
 * does not spend the machine on starting threads. It has nothing to do with the budget for threads that are lost, and
 * never closes a lane.
 */
export class ReplacementBudget {
  readonly #limits: RestartLimits
  #spent: number[] = []

  constructor(limits: RestartLimits) {
    this.#limits = limits
  }

  /**
   * Spends one thread.
   *
   * @param now the present instant
   * @returns false if there is none to be spent
   */
  take(now: number): boolean {
    this.#spent = this.#spent.filter(at => now - at < this.#limits.within)
    if (this.#spent.length >= this.#limits.max) return false
    this.#spent.push(now)
    return true
  }
}
