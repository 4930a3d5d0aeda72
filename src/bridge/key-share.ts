const HELD = 0
/** Below what any number of keys could bring back to 0. */
const SHARED = -(2 ** 30)

/**
 * Whether a lane's keys are shared, in memory of the thread that made the scheduler and the supervisor.
 *
 * Mostly that thread alone submits tasks with keys to a lane. Then it may take any key without asking, and only counts
 * those that it has. Once a thread of a lane asks the supervisor for a key, the keys are shared for good: from then on
 * all ask. Whoever finds the count at 0 knows that there is nothing to be handed over.
 */
export class KeyShare {
  readonly #words: Int32Array

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(4)
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory)
  }

  /** Takes a key without asking. @returns false if the keys are shared */
  take(): boolean {
    if (Atomics.add(this.#words, HELD, 1) >= 0) return true
    Atomics.sub(this.#words, HELD, 1)
    return false
  }

  /** Gives back one that was taken without asking. */
  giveBack(): void {
    Atomics.sub(this.#words, HELD, 1)
  }

  /** From now on nobody takes a key without asking. @returns whether some were taken that have not been given back */
  share(): boolean {
    return Atomics.add(this.#words, HELD, SHARED) > 0
  }
}
