/** Time as the daemon's parts see it: tests have one of their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /**
   * Calls back once, unless it is taken back first.
   *
   * @param delay milliseconds, at most 2^31 - 1
   * @returns takes it back
   */
  after(delay: number, callback: () => void): () => void
}

/** A step of the wall clock, rather than the two clocks' drift. */
const STEP_MS = 100

let offset = Date.now() - performance.now()

/**
 * The wall clock, with fractions of a millisecond: what is kept must mean the same to the next daemon, and a job that
 * is due at noon is due when the clock on the wall says so, also after that was set.
 */
export const systemClock: Clock = {
  now() {
    const passed = performance.now()
    const wall = Date.now()
    if (Math.abs(wall - passed - offset) > STEP_MS) offset = wall - passed
    return passed + offset
  },
  after(delay, callback) {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
}
