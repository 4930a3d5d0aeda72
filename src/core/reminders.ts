import type { Clock } from './clock.js'
import { type TimerEntry, TimerQueue } from './timer-queue.js'

/** As much of a timer facility as the runtime needs. */
export interface Timers {
  /**
   * @param delay milliseconds, of any number
   * @returns cancels the call
   */
  after(delay: number, call: () => void): () => void
}

/** Any number of reminders on a single timer. */
export class Reminders<T> {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #onDue: (value: T) => void
  readonly #queue = new TimerQueue<T>()
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, timers: Timers, onDue: (value: T) => void) {
    this.#clock = clock
    this.#timers = timers
    this.#onDue = onDue
  }

  /** @param at the instant, in monotonic milliseconds */
  add(at: number, value: T): TimerEntry<T> {
    const entry = this.#queue.add(at, value)
    if (at < this.#wakeAt) this.#arm(at)
    return entry
  }

  /** @param delay milliseconds from now @returns cancels it */
  after(delay: number, value: T): () => void {
    const entry = this.add(this.#clock.now() + delay, value)
    return () => this.cancel(entry)
  }

  cancel(entry: TimerEntry<T>): void {
    this.#queue.cancel(entry)
    if (this.#queue.size === 0) this.#disarm()
  }

  /** The earliest instant there is a reminder for, or Infinity. */
  get next(): number {
    return this.#queue.next()
  }

  /** Brings what is due, where no timer can: the event loop does not turn. */
  bringDue(): void {
    if (this.#queue.next() > this.#clock.now()) return
    this.#disarm()
    this.#fire()
  }

  clear(): void {
    while (this.#queue.due(Number.POSITIVE_INFINITY) !== undefined);
    this.#disarm()
  }

  #arm(at: number): void {
    this.#disarm()
    this.#wakeAt = at
    // Rounded up: a timer that fires a fraction early would find nothing due and be set again.
    const delay = Math.max(0, Math.ceil(at - this.#clock.now()))
    this.#cancelTimer = this.#timers.after(delay, () => this.#fire())
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#wakeAt = Number.POSITIVE_INFINITY
  }

  #fire(): void {
    this.#cancelTimer = null
    this.#wakeAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    try {
      for (let due = this.#queue.due(now); due !== undefined; due = this.#queue.due(now)) this.#onDue(due)
    } finally {
      // Also when one of them throws: the others must not wait for ever.
      const next = this.#queue.next()
      if (next !== Number.POSITIVE_INFINITY && next < this.#wakeAt) this.#arm(next)
    }
  }
}
