import type { PastDuration } from '../store/job-store.js'

/** Recent enough to follow a change of the work, long enough that a few odd runs do not move the median. */
export const REMEMBERED_RUNS = 101

/**
 * How long the jobs of each name took lately, in milliseconds for one unit of their cost.
 *
 * A median and not a mean: one run that hung for an hour must not make every estimate of the day wrong.
 */
export class DurationHistory {
  readonly #runs = new Map<string, Runs>()

  note({ name, duration, cost }: PastDuration): void {
    let runs = this.#runs.get(name)
    if (runs === undefined) {
      runs = new Runs()
      this.#runs.set(name, runs)
    }
    // Start and end may come from two threads, whose clocks agree to some microseconds only.
    runs.add(Math.max(0, cost > 0 ? duration / cost : duration))
  }

  /** @param expected what is supposed while nothing is known, in milliseconds for one unit of cost */
  usual(name: string, expected: number): number {
    const sorted = this.#runs.get(name)?.sorted()
    return sorted === undefined ? expected : medianOf(sorted)
  }

  /**
   * What is left of a job that has run for a while already: the median of the past runs that took longer than that.
   *
   * @param elapsed milliseconds for one unit of cost
   */
  remaining(name: string, elapsed: number, expected: number): number {
    const sorted = this.#runs.get(name)?.sorted() ?? [expected]
    const longer = sorted.filter(duration => duration > elapsed)
    if (longer.length > 0) return medianOf(longer) - elapsed
    // It has outlasted all it could be compared with. What has run long is likely to run on for a part of that.
    return elapsed * OVERDUE_SHARE
  }
}

const OVERDUE_SHARE = 0.1

/** The latest durations of one name. Sorted only when asked for: they are noted far more often than read. */
class Runs {
  readonly #latest: number[] = []
  #oldest = 0
  #sorted: readonly number[] | null = null

  add(duration: number): void {
    if (this.#latest.length < REMEMBERED_RUNS) this.#latest.push(duration)
    else {
      this.#latest[this.#oldest] = duration
      this.#oldest = (this.#oldest + 1) % REMEMBERED_RUNS
    }
    this.#sorted = null
  }

  sorted(): readonly number[] {
    this.#sorted ??= [...this.#latest].sort((one, other) => one - other)
    return this.#sorted
  }
}

/** @param sorted at least one number, ascending */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  const upper = sorted[middle]!
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2
}
