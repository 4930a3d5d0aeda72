import type { Timers } from '../core/reminders.js'

/** For how long something is waited for that may be asked for once more meanwhile: the shortest time holds for all. */
export class SharedPatience {
  readonly #timers: Timers
  readonly #ends = new Set<() => void>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /**
   * Begins to wait.
   *
   * @param bound milliseconds
   * @returns resolves when the time is over, of this call or of another that has not stopped
   */
  begin(bound: number): { readonly over: Promise<void>; readonly stop: () => void } {
    let end: () => void = () => {}
    const over = new Promise<void>(resolve => {
      end = resolve
    })
    this.#ends.add(end)
    const stopTimer = this.#timers.after(bound, () => {
      for (const other of this.#ends) other()
    })
    const stop = (): void => {
      stopTimer()
      this.#ends.delete(end)
    }
    return { over, stop }
  }
}
