/**
 * What users are told by functions of their own: callbacks, events. At once, as a rule; but none of them runs in the
 * middle of a synchronous wait, as none would in the middle of any other synchronous call. What comes then, and all that
 * follows it, is told in order when the turn that waited has ended.
 */
export class Deliveries {
  readonly #defer: (call: () => void) => void
  #held: (() => void)[] = []
  #waits = 0
  #queued = false

  /** @param defer calls back at the end of the present turn */
  constructor(defer: (call: () => void) => void) {
    this.#defer = defer
  }

  /** @param call must not throw */
  deliver(call: () => void): void {
    if (this.#waits === 0 && this.#held.length === 0) call()
    else this.#held.push(call)
  }

  /** Runs a synchronous wait. */
  during(wait: () => void): void {
    this.#waits++
    try {
      wait()
    } finally {
      this.#waits--
      if (this.#held.length > 0 && !this.#queued) {
        this.#queued = true
        this.#defer(this.#release)
      }
    }
  }

  readonly #release = (): void => {
    this.#queued = false
    // What one of them causes comes after all that had to wait.
    for (let i = 0; i < this.#held.length; i++) this.#held[i]!()
    this.#held = []
  }
}
