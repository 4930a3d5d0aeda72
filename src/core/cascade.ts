/**
 * Takes steps one after another, and none from within another: a step that leads to others may do so to any length, which
 * the stack would not hold.
 */
export class Cascade<T> {
  readonly #step: (item: T) => void
  readonly #due: T[] = []
  #isRunning = false

  constructor(step: (item: T) => void) {
    this.#step = step
  }

  /** Takes the step of this item: now, or as soon as those that are due have been taken. */
  push(item: T): void {
    this.#due.push(item)
    if (this.#isRunning) return
    this.#isRunning = true
    let taken = 0
    try {
      while (taken < this.#due.length) this.#step(this.#due[taken++]!)
    } finally {
      this.#due.splice(0, taken)
      this.#isRunning = false
    }
  }
}
