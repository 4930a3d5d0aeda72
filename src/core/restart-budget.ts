/**
 * How often a lane may lose a thread before it is given up: at most `max` losses within any `within`
 * milliseconds. Between losses that follow each other the wait doubles from `FIRST_DELAY_MS`, so that a crash
 * loop does not spend the machine on starting threads; the first replacement is immediate.
 *
 * A thread that was lost before it was ready may have taken longer over it than `within`. So such losses count, however long
 * ago they are, until one is ready: else a lane whose threads all fail late would start threads for ever.
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

interface Loss {
  readonly at: number
  /** Whether the thread was never ready, and none has been since. */
  isOpen: boolean
}

export class RestartBudget {
  readonly #limits: RestartLimits
  #losses: Loss[] = []

  constructor(limits: RestartLimits) {
    this.#limits = limits
  }

  /**
   * @param now the instant of the loss
   * @param wasReady whether the thread had ever been
   * @returns whether to restart, and after how many milliseconds
   */
  lost(now: number, wasReady: boolean): RestartDecision {
    this.#losses = this.#losses.filter(({ at, isOpen }) => isOpen || now - at < this.#limits.within)
    this.#losses.push({ at: now, isOpen: !wasReady })
    const count = this.#losses.length
    if (count > this.#limits.max) return { type: 'give-up' }
    return {
      type: 'restart',
      after: count === 1 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 2)),
    }
  }

  /** A thread is ready: threads can be. */
  ready(): void {
    for (const loss of this.#losses) loss.isOpen = false
  }
}
