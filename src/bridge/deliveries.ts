/**
 * So many tasks may be submitted on end in the place of others by functions that are told of such: who submits one anew for
 * each that is dropped would never come to an end, and no message would be heard meanwhile.
 */
const MOST_IN_PLACE = 1_000

/**
 * What users are told by functions of their own: callbacks, events.
 *
 * They are told when the sender has finished what it is in the middle of, so that whatever they do then finds it in order:
 * such a function may well wait synchronously for a task whose answer came in the same message. And none runs in the
 * middle of a synchronous wait, as none would in the middle of any other synchronous call: what comes then is told when
 * the turn that waited has ended. Whatever is told, is told in the order in which it came.
 */
export class Deliveries {
  readonly #defer: (call: () => void) => void
  readonly #later: (call: () => void) => void
  #calls: (() => void)[] = []
  /** The first of them that has not been made. */
  #next = 0
  #holds = 0
  #isDeferred = false
  #isMaking = false
  /** How many were submitted in the place of others by those of the calls that were made on end. */
  #inPlace = 0

  /**
   * @param defer calls back at the end of the present turn
   * @param later calls back in a later turn
   */
  constructor(defer: (call: () => void) => void, later: (call: () => void) => void) {
    this.#defer = defer
    this.#later = later
  }

  /** @param call must not throw */
  deliver(call: () => void): void {
    if (this.#holds === 0 && this.#next === this.#calls.length) call()
    else this.#calls.push(call)
  }

  /** The sender is in the middle of something, until `release`. */
  hold(): void {
    this.#holds++
  }

  release(): void {
    this.#holds--
    if (this.#holds === 0 && !this.#isDeferred && !this.#isMaking) this.#make()
  }

  /** Does something to its end before users are told of what came of it. */
  undisturbed<T>(call: () => T): T {
    this.hold()
    try {
      return call()
    } finally {
      this.release()
    }
  }

  /** Submits a task in the place of others: these are told of that when it is done, or in a later turn. */
  inPlace(submit: () => void): void {
    this.undisturbed(submit)
    if (!this.#isMaking || ++this.#inPlace < MOST_IN_PLACE || this.#isDeferred) return
    this.#isDeferred = true
    this.#later(this.#makeDeferred)
  }

  /** Runs a synchronous wait. */
  during(wait: () => void): void {
    this.#holds++
    try {
      wait()
    } finally {
      this.#holds--
      if (this.#next < this.#calls.length && !this.#isDeferred && !this.#isMaking) {
        this.#isDeferred = true
        this.#defer(this.#makeDeferred)
      }
    }
  }

  readonly #makeDeferred = (): void => {
    this.#isDeferred = false
    if (this.#holds === 0 && !this.#isMaking) this.#make()
  }

  #make(): void {
    if (this.#next === this.#calls.length) return
    this.#isMaking = true
    this.#inPlace = 0
    // What one of them causes comes after all that has waited longer.
    while (this.#next < this.#calls.length && !this.#isDeferred) this.#calls[this.#next++]!()
    this.#isMaking = false
    this.#calls = this.#calls.slice(this.#next)
    this.#next = 0
  }
}
