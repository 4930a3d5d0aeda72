import type { Clock } from './clock.js'
import type { Reminders } from './reminders.js'

/** Numbers a scheduler's tasks, and counts those that have not ended. */
export class UnfinishedTasks {
  readonly #clock: Clock
  readonly #reminders: Reminders<() => void>
  readonly #busy: (isBusy: boolean) => void
  readonly #whenIdle: (() => void)[] = []
  #count = 0
  #last: number

  /**
   * @param last the number of the last task there was
   * @param busy told when there is a task, and when there is none any more
   */
  constructor(clock: Clock, reminders: Reminders<() => void>, last: number, busy: (isBusy: boolean) => void) {
    this.#clock = clock
    this.#reminders = reminders
    this.#last = last
    this.#busy = busy
  }

  get count(): number {
    return this.#count
  }

  /** The number of the last task. */
  get lastNumber(): number {
    return this.#last
  }

  nextNumber(): number {
    return ++this.#last
  }

  began(): void {
    if (this.#count++ === 0) this.#busy(true)
  }

  ended(): void {
    if (--this.#count > 0) return
    this.#busy(false)
    if (this.#whenIdle.length > 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /**
   * Resolves when no task is unfinished.
   *
   * @param within milliseconds to wait at most
   * @param late called if there are some by then: by the reminder itself, which comes also where promises are not heard of,
   *   in a synchronous wait, and may be what ends that
   */
  idle(within = Number.POSITIVE_INFINITY, late: () => void = () => {}): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise(resolve => {
      if (within === Number.POSITIVE_INFINITY) {
        this.#whenIdle.push(resolve)
        return
      }
      const patience = this.#reminders.add(this.#clock.now() + within, () => {
        resolve()
        late()
      })
      this.#whenIdle.push(() => {
        this.#reminders.cancel(patience)
        resolve()
      })
    })
  }
}
