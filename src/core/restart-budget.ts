/**
 * How often a lane may lose a thread before it is given up: at most `max` losses within any `within`
 * milliseconds. Between losses that follow each other the wait doubles from `FIRST_DELAY_MS`, so that a crash
 * loop does not spend the machine on starting threads; the first replacement is immediate.
 */
const FIRST_DELAY_MS = 25
const LONGEST_DELAY_MS = 800

export interface RestartLimits {
  /** Losses tolerated within `within`. */
  readonly max: number
  /** Milliseconds. */
  readonly within: number
}

export type RestartDecision =
  | { readonly type: 'restart'; readonly after: number }
  | { readonly type: 'give-up' }

export class RestartBudget {
  readonly #limits: RestartLimits
  #losses: number[] = []

  constructor(limits: RestartLimits) {
    this.#limits = limits
  }

  /**
   * @param now the instant of the loss
   * @returns whether to restart, and after how many milliseconds
   */
  lost(now: number): RestartDecision {
    this.#losses = this.#losses.filter(at => now - at < this.#limits.within)
    this.#losses.push(now)
    const count = this.#losses.length
    if (count > this.#limits.max) return { type: 'give-up' }
    return {
      type: 'restart',
      after: count === 1 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 2)),
    }
  }
}
