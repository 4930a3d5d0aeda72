import { StoreError } from '../store/store-error.js'
import type { Clock } from './clock.js'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000

/**
 * Does not let go of what became of a job until the store has it: a disk that is full for an hour must not make the
 * daemon forget what it has done, and do it again.
 */
export class RecordKeeper {
  readonly #clock: Clock
  readonly #onTrouble: (error: unknown) => void
  readonly #pending = new Set<Promise<boolean>>()
  readonly #pauses = new Set<() => void>()
  #abandoned = false

  constructor(clock: Clock, onTrouble: (error: unknown) => void) {
    this.#clock = clock
    this.#onTrouble = onTrouble
  }

  /**
   * Writes until it has worked.
   *
   * @param write may be repeated without harm; it is, while it rejects with a StoreError
   * @returns whether it has; false only after `abandon`. Rejects with what is no StoreError: that would never work
   */
  async record(write: () => Promise<void>): Promise<boolean> {
    const recorded = this.#writeUntilDone(write)
    this.#pending.add(recorded)
    try {
      return await recorded
    } finally {
      this.#pending.delete(recorded)
    }
  }

  /** Resolves when everything is recorded, or abandoned. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
  }

  /** Tries no more: the process is about to end. What is not recorded stands as running, and will run again. */
  abandon(): void {
    this.#abandoned = true
    for (const end of this.#pauses) end()
  }

  async #writeUntilDone(write: () => Promise<void>): Promise<boolean> {
    let delay = FIRST_RETRY_MS
    while (!this.#abandoned) {
      try {
        await write()
        return true
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        this.#onTrouble(error)
      }
      await this.#pause(delay)
      delay = Math.min(LAST_RETRY_MS, delay * 2)
    }
    return false
  }

  #pause(delay: number): Promise<void> {
    if (this.#abandoned) return Promise.resolve()
    return new Promise(resolve => {
      const end = () => {
        stop()
        this.#pauses.delete(end)
        resolve()
      }
      const stop = this.#clock.after(delay, end)
      this.#pauses.add(end)
    })
  }
}
