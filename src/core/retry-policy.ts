/** How often a task that failed by itself is run again, and after what pauses. */
export interface RetryPolicy {
  /** How many more attempts there may be after the first. */
  readonly limit: number
  /** Milliseconds before the second attempt; doubled for each one after it. */
  readonly delay: number
  /** The longest pause, in milliseconds. */
  readonly maxDelay: number
}

/**
 * The pause before the next attempt.
 *
 * Example: with a delay of 100 and a maxDelay of 1,000 the pauses are 100, 200, 400, 800, 1,000, 1,000, … ms.
 *
 * @param failures how many attempts have failed, at least 1
 * @returns milliseconds, or undefined if there is to be no other attempt
 */
export function pauseBeforeRetry(policy: RetryPolicy, failures: number): number | undefined {
  if (failures > policy.limit) return undefined
  return Math.min(policy.delay * 2 ** (failures - 1), policy.maxDelay)
}
