import type { PastDuration } from '../store/job-store.js'

/** Recent enough to follow a change of the work, long enough that a few odd runs do not move the median. */
export const REMEMBERED_RUNS = 101

/**
 * Costs that are further apart than by this factor tell nothing of each other: of a job that costs next to nothing the
 * duration is that of starting it, and a cost that nobody can mean says nothing at all.
 */
const COMPARABLE = 1000

const OVERDUE_SHARE = 0.1

/** Beyond any date, and little enough for sums of it to stay finite. */
const LONGEST_MS = 1e16

/**
 * How long the jobs of each name took lately, for each unit of their cost.
 *
 * A median and not a mean: one run that hung for an hour must not make every estimate of the day wrong. Of runs of a
 * comparable cost alone: a job that is told a cost far from all others must not make theirs wrong, nor they its own.
 */
export class DurationHistory {
  readonly #runs = new Map<string, Runs>()

  note({ name, duration, cost }: PastDuration): void {
    // Start and end may come from two threads, whose clocks agree to some microseconds only.
    const unit = Math.max(0, duration) / unitsOf(cost)
    if (!Number.isFinite(unit)) return
    let runs = this.#runs.get(name)
    if (runs === undefined) {
      runs = new Runs()
      this.#runs.set(name, runs)
    }
    runs.add({ cost, unit })
  }

  /**
   * How long a job of that name and cost takes, in milliseconds.
   *
   * @param expected what is supposed while nothing is known, in milliseconds for one unit of cost
   */
  usual(name: string, cost: number, expected: number): number {
    const alike = this.#alike(name, cost)
    return alike.length === 0 ? inAll(expected, cost) : inAll(medianOf(alike), unitsOf(cost))
  }

  /**
   * What is left of a job that has run for a while already: the median of the past runs that took longer than that.
   *
   * @param elapsed milliseconds
   * @param expected as for {@link usual}
   */
  remaining(name: string, cost: number, elapsed: number, expected: number): number {
    const alike = this.#alike(name, cost)
    const supposed = alike.length === 0 ? [expected] : alike
    const longer = supposed.filter(unit => inAll(unit, unitsOf(cost)) > elapsed)
    if (longer.length > 0) return inAll(medianOf(longer), unitsOf(cost)) - elapsed
    // It has outlasted all it could be compared with. What has run long is likely to run on for a part of that.
    return elapsed * OVERDUE_SHARE
  }

  /** What a unit of cost took in the runs that a job of this cost can be compared with, ascending. */
  #alike(name: string, cost: number): readonly number[] {
    return this.#runs.get(name)?.alike(cost) ?? []
  }
}

interface Run {
  readonly cost: number
  /** Milliseconds for one unit of cost. */
  readonly unit: number
}

/** The latest runs of one name. Looked through only when asked for: they are noted far more often than read. */
class Runs {
  readonly #latest: Run[] = []
  #oldest = 0
  #overview: Overview | null = null

  add(run: Run): void {
    if (this.#latest.length < REMEMBERED_RUNS) this.#latest.push(run)
    else {
      this.#latest[this.#oldest] = run
      this.#oldest = (this.#oldest + 1) % REMEMBERED_RUNS
    }
    this.#overview = null
  }

  alike(cost: number): readonly number[] {
    this.#overview ??= overviewOf(this.#latest)
    const { sorted, units, leastCost, greatestCost } = this.#overview
    // An estimate asks for each of hundreds of stretches of a queue.
    if (areComparable(leastCost, cost) && areComparable(greatestCost, cost)) return units
    return sorted.filter(run => areComparable(run.cost, cost)).map(run => run.unit)
  }
}

interface Overview {
  /** By what they took for a unit of cost. */
  readonly sorted: readonly Run[]
  readonly units: readonly number[]
  readonly leastCost: number
  readonly greatestCost: number
}

function overviewOf(runs: readonly Run[]): Overview {
  const sorted = runs.toSorted((one, other) => one.unit - other.unit)
  const costs = sorted.map(run => run.cost)
  return {
    sorted,
    units: sorted.map(run => run.unit),
    leastCost: Math.min(...costs),
    greatestCost: Math.max(...costs),
  }
}

/** What costs nothing takes as long as its like, however much that is. */
function unitsOf(cost: number): number {
  return cost > 0 ? cost : 1
}

function areComparable(one: number, other: number): boolean {
  return Math.max(one, other) <= Math.min(one, other) * COMPARABLE
}

function inAll(unit: number, units: number): number {
  return Math.min(unit * units, LONGEST_MS)
}

/** @param sorted at least one number, ascending */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  const upper = sorted[middle]!
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2
}
