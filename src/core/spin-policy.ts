/**
 * When it pays to look at the doorbell a while longer before sleeping.
 *
 * The gap between going idle and the next arrival is averaged (each new one weighs a quarter). Spinning is
 * worth its CPU while that average is below the budget. A long gap is counted as three budgets at most, so that
 * one pause does not end it and a handful of quick arrivals resumes it. If spinner and sender share a core, the
 * spinner itself keeps the sender from running: gaps then come out just above the budget, and it stops.
 */
const WEIGHT = 0.25
const LONGEST = 3

export class SpinPolicy {
  readonly #budget: number
  #average: number

  /** @param budget the longest spin, in milliseconds; 0 never spins */
  constructor(budget: number) {
    this.#budget = budget
    this.#average = budget
  }

  /** How long to spin now, in milliseconds. */
  get budget(): number {
    return this.#average <= this.#budget ? this.#budget : 0
  }

  /** @param gap milliseconds from going idle to the arrival */
  arrived(gap: number): void {
    this.#average += WEIGHT * (Math.min(gap, this.#budget * LONGEST) - this.#average)
  }
}
