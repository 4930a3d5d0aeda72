/** Below this much observation the lane's slots are a better guess than what was seen. */
const ENOUGH_MS = 200
/** What was seen earlier counts half after so much more has been seen. */
const HALF_LIFE_MS = 10_000

/**
 * How many jobs a lane really gets through side by side, seen while it has more to do than it can.
 *
 * Its slots (threads times concurrency) tell only how many may be open at a time: 64 that wait for a timer are done
 * side by side on one thread, 64 that burn its CPU one after another. So the estimate divides the work that waits by
 * what was seen: the running time of the jobs that ended, over the time in which they did.
 */
export class LaneParallelism {
  readonly #slots: number
  #seen = 0
  #worked = 0
  #busySince: number | null = null

  /** @param slots threads times concurrency */
  constructor(slots: number) {
    this.#slots = slots
  }

  /**
   * Takes the end of a job into account.
   *
   * @param duration its milliseconds from start to end
   * @param now epoch milliseconds
   * @param busy whether more jobs wait than the lane has slots for
   */
  note(duration: number, now: number, busy: boolean): void {
    if (this.#busySince !== null) {
      const passed = Math.max(0, now - this.#busySince)
      const kept = 0.5 ** (passed / HALF_LIFE_MS)
      this.#seen = this.#seen * kept + passed
      this.#worked = this.#worked * kept + duration
    }
    this.#busySince = busy ? now : null
  }

  /** From 1 to the number of slots. */
  get value(): number {
    if (this.#seen < ENOUGH_MS) return this.#slots
    return Math.min(this.#slots, Math.max(1, this.#worked / this.#seen))
  }
}
