import type { Clock } from '#daemon/jobs/clock.js'

interface Alarm {
  readonly at: number
  readonly call: () => void
}

/** A clock of the daemon that stands still until it is moved. Its timers go by what has passed, not by the date. */
export class ManualDaemonClock implements Clock {
  #passed = 0
  #date: number
  #alarms: Alarm[] = []

  /** @param date epoch milliseconds */
  constructor(date = 1_000_000) {
    this.#date = date
  }

  now(): number {
    return this.#date + this.#passed
  }

  after(delay: number, call: () => void): () => void {
    if (!(delay >= 0 && delay < 2 ** 31)) throw new RangeError(`a timer of ${delay} ms would not wait`)
    const alarm = { at: this.#passed + delay, call }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter(one => one !== alarm)
    }
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#alarms.length
  }

  /** Milliseconds until the next timer, or Infinity. */
  get next(): number {
    return (
      this.#alarms.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY) - this.#passed
    )
  }

  /** Sets the date, as an administrator does; no timer notices. @param by milliseconds */
  jump(by: number): void {
    this.#date += by
  }

  /** Lets time pass, without a timer firing on the way: as a loop that is held up does. */
  pass(by: number): void {
    this.#passed += by
  }

  /** Moves on to the next timer and fires it. */
  fireNext(): void {
    const alarm = this.#alarms.reduce((first, one) => (one.at < first.at ? one : first))
    this.#alarms = this.#alarms.filter(one => one !== alarm)
    this.#passed = Math.max(this.#passed, alarm.at)
    alarm.call()
  }

  /** Moves on, firing what is due on the way, each with what follows from it at once. */
  async runFor(duration: number): Promise<void> {
    const until = this.#passed + duration
    await drained()
    while (this.#passed + this.next <= until) {
      this.fireNext()
      await drained()
    }
    this.#passed = Math.max(this.#passed, until)
  }
}

/** Resolves when every promise that could settle by itself has, with what follows from it. */
export function drained(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
