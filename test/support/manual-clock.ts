import type { Clock } from '#src/core/clock.js'
import type { Timers } from '#src/core/reminders.js'

interface Alarm {
  readonly at: number
  readonly call: () => void
}

/** A clock that stands still until it is moved, and timers that go by it. */
export class ManualClock implements Clock, Timers {
  #now: number
  #alarms: Alarm[] = []

  constructor(now = 1000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(delay: number, call: () => void): () => void {
    const alarm = { at: this.#now + delay, call }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter(one => one !== alarm)
    }
  }

  get pending(): number {
    return this.#alarms.length
  }

  /** The instant of the next timer, or Infinity. */
  get next(): number {
    return Math.min(...this.#alarms.map(alarm => alarm.at))
  }

  advance(by: number): void {
    this.#now += by
  }

  /** Moves on to the next timer, if it lies ahead, and fires it. */
  fireNext(): void {
    const alarm = this.#alarms.reduce((first, one) => (one.at < first.at ? one : first))
    this.#alarms = this.#alarms.filter(one => one !== alarm)
    this.#now = Math.max(this.#now, alarm.at)
    alarm.call()
  }

  /** Moves on, firing what is due on the way. */
  runFor(duration: number): void {
    const until = this.#now + duration
    while (this.next <= until) this.fireNext()
    this.#now = Math.max(this.#now, until)
  }
}
