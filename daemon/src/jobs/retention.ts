import type { JobStore } from '../store/job-store.js'
import type { Clock } from './clock.js'

const SWEEP_EVERY_MS = 60_000
/** So few that a sweep holds up the jobs that are accepted meanwhile by a millisecond or two. */
const FORGET_AT_A_TIME = 200

export interface RetentionOptions {
  readonly store: Pick<JobStore, 'sweep'>
  readonly clock: Clock
  /** Milliseconds for which a finished job is remembered. */
  readonly age: number
  /** The most finished jobs to remember. */
  readonly count: number
  readonly onTrouble: (error: unknown) => void
}

/** Forgets finished jobs when their time is over, a few at a time. */
export class Retention {
  readonly #options: RetentionOptions
  #stopped = false
  #cancelTimer: () => void = () => {}
  #sweeping: Promise<void> = Promise.resolve()

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  start(): void {
    this.#sweeping = this.#sweep()
  }

  /** Resolves when no sweep is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    await this.#sweeping
  }

  async #sweep(): Promise<void> {
    const { store, clock, age, count, onTrouble } = this.#options
    try {
      let forgotten = FORGET_AT_A_TIME
      while (!this.#stopped && forgotten === FORGET_AT_A_TIME) {
        forgotten = await store.sweep(clock.now() - age, count, FORGET_AT_A_TIME)
      }
    } catch (error) {
      onTrouble(error)
    }
    if (this.#stopped) return
    this.#cancelTimer = clock.after(SWEEP_EVERY_MS, () => {
      this.#sweeping = this.#sweep()
    })
  }
}
