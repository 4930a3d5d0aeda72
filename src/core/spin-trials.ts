/** So many waits at most go to sleep at once between two trials. */
const MOST_SKIPPED = 256

/**
 * When it pays, in a wait for an answer, to look for it a while before sleeping.
 *
 * It paid if the answer came while it looked. If not, the answer takes longer, or the two threads share a core and the
 * one that looks keeps the other from running: then the next wait sleeps at once, after the next failure the next two,
 * then four, and so on. One success and all waits look again. So a mistake costs little, and so does finding out that it
 * was one.
 */
export class SpinTrials {
  readonly #budget: number
  #skipped = 0
  #left = 0

  /** @param budget the longest look, in milliseconds; 0 never looks */
  constructor(budget: number) {
    this.#budget = budget
  }

  /** How long to look in the wait that begins now, in milliseconds. */
  next(): number {
    if (this.#left === 0) return this.#budget
    this.#left--
    return 0
  }

  /** @param paid whether the answer came while it was looked for */
  tried(paid: boolean): void {
    this.#skipped = paid ? 0 : Math.min(Math.max(1, this.#skipped * 2), MOST_SKIPPED)
    this.#left = this.#skipped
  }
}
