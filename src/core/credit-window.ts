/**
 * How many tasks a sender may have on one thread without having seen them start.
 *
 * Few, so that no port holds a backlog, priorities stay effective and threads share work evenly; enough, so
 * that the thread never waits for the next message. The window is the number of tasks that fill `BUDGET_MS` at
 * the mean duration lately measured, at least 2 (one running, one at hand) and at most 256. A thread whose
 * tasks wait rather than compute has room beyond that: what is in progress on its loop does not count, and the
 * allowance doubles with it, so that a lane of 64 concurrent waits is filled in a few round trips.
 *
 * Example: tasks of 2 µs give 250; of 50 µs, 10; of 1 ms and longer, 2.
 */
export const MIN_WINDOW = 2
export const MAX_WINDOW = 256
const BUDGET_MS = 0.5
/** Each batch moves the mean by this share of its distance, scaled by how many tasks the batch holds. */
const BATCH_WEIGHT = 0.5

export class CreditWindow {
  #mean = Number.NaN
  #size = MIN_WINDOW

  /** The number of tasks that may be sent and not started. */
  get size(): number {
    return this.#size
  }

  /** The mean duration lately measured, in milliseconds; NaN before the first. */
  get mean(): number {
    return this.#mean
  }

  /**
   * @param tasks how many tasks ended
   * @param elapsed the milliseconds they took together, waits included
   */
  measured(tasks: number, elapsed: number): void {
    const mean = elapsed / tasks
    this.#mean = Number.isNaN(this.#mean) ? mean : this.#mean + BATCH_WEIGHT * (mean - this.#mean)
    const wanted = Math.floor(BUDGET_MS / this.#mean)
    // Growth is by doubling, so that one lucky batch does not open the gate; shrinking is at once.
    this.#size = Math.max(MIN_WINDOW, Math.min(MAX_WINDOW, wanted, this.#size * 2))
  }

  /**
   * @param inProgress tasks started on the thread's loop and not finished
   * @param concurrency the most the lane lets run at a time on one loop
   * @returns how many tasks may be on the thread in all, started or not
   */
  limit(inProgress: number, concurrency: number): number {
    return Math.min(this.#size + 2 * inProgress, this.#size + concurrency)
  }
}
