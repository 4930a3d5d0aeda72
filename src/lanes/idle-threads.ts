import type { ThreadBlock } from '../bridge/thread-block.js'
import type { Clock } from '../core/clock.js'
import { Idleness } from '../core/idleness.js'
import type { Timers } from '../core/reminders.js'
import type { ThreadRange } from './thread-range.js'

/** As much of a lane thread as the watch needs. */
export interface WatchedThread {
  readonly number: number
  readonly block: ThreadBlock
}

/** How often it looks: this share of the idle timeout, within these bounds in milliseconds. */
const SHARE = 1 / 4
const SHORTEST_MS = 5
const LONGEST_MS = 1_000

/**
 * Finds the threads that a lane can do without, by looking at what they show of themselves, as long as the lane has
 * more than its minimum. Of those that have been idle for the timeout the newest go first, since senders prefer the
 * oldest.
 */
export class IdleThreads<T extends WatchedThread> {
  readonly #range: ThreadRange
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #ready: () => readonly T[]
  readonly #onIdle: (thread: T) => void
  readonly #idleness = new Idleness<T>()
  #stopTimer: (() => void) | null = null

  /**
   * @param ready the lane's ready threads
   * @param onIdle called for each thread that is to go
   */
  constructor(
    range: ThreadRange,
    clock: Clock,
    timers: Timers,
    ready: () => readonly T[],
    onIdle: (thread: T) => void,
  ) {
    this.#range = range
    this.#clock = clock
    this.#timers = timers
    this.#ready = ready
    this.#onIdle = onIdle
  }

  /** The lane has a thread more. */
  watch(): void {
    const { min, idleTimeout } = this.#range
    if (this.#stopTimer !== null) return
    if (this.#ready().length <= min) {
      // While nobody looks, nobody knows.
      this.#idleness.keep(new Set())
      return
    }
    const wait = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, idleTimeout * SHARE))
    this.#stopTimer = this.#timers.after(wait, () => {
      this.#stopTimer = null
      this.#look()
      this.watch()
    })
  }

  stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = null
  }

  #look(): void {
    const { min, idleTimeout } = this.#range
    const now = this.#clock.now()
    const ready = [...this.#ready()].sort((a, b) => b.number - a.number)
    this.#idleness.keep(new Set(ready))
    const idle = ready.filter(thread => {
      const { block } = thread
      // In this order: a task that starts meanwhile is seen either way.
      const busy = block.holder !== 0 || block.inProgress > 0 || block.waiting > 0 || block.isSending
      const idleFor = this.#idleness.look(thread, { started: block.started, busy }, now)
      return idleFor >= idleTimeout
    })
    for (const thread of idle.slice(0, Math.max(0, ready.length - min))) {
      // If it stays after all, it is idle from then on.
      this.#idleness.forget(thread)
      this.#onIdle(thread)
    }
  }
}
