/**
 * How long each thread has been idle, as told by looking at it now and then.
 *
 * A count of the tasks it has ever started shows at the next look what it did between two of them. So the answer is
 * never too long, and too short by no more than the time between two looks.
 */
export interface Activity {
  /** How many tasks it has started so far. */
  readonly started: number
  /** Whether a task is in progress right now. */
  readonly busy: boolean
}

interface Seen {
  readonly started: number
  readonly since: number
}

export class Idleness<T> {
  readonly #seen = new Map<T, Seen>()

  /**
   * @param now the instant of the look
   * @returns the milliseconds for which it has been idle for certain; -1 if it is not, or is seen for the first time
   */
  look(thread: T, { started, busy }: Activity, now: number): number {
    const seen = this.#seen.get(thread)
    if (seen !== undefined && seen.started === started && !busy) return now - seen.since
    this.#seen.set(thread, { started, since: now })
    return -1
  }

  forget(thread: T): void {
    this.#seen.delete(thread)
  }

  /** Forgets all threads but these. */
  keep(threads: ReadonlySet<T>): void {
    for (const thread of this.#seen.keys()) if (!threads.has(thread)) this.#seen.delete(thread)
  }
}
