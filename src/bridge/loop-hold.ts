import { AsyncResource } from 'node:async_hooks'

/** Else the timer would hold the asynchronous context of whoever happened to set it. */
const OWN = new AsyncResource('MULTILANE_HOLD')
/** Taken once: a test may have put a clock of its own in their place. */
const { setInterval, clearInterval } = globalThis

const LONGEST_MS = 2 ** 31 - 1

/** Keeps the event loop of the present thread alive, or lets it end. */
export class LoopHold {
  #timer: ReturnType<typeof setInterval> | null = null

  get held(): boolean {
    return this.#timer !== null
  }

  set(held: boolean): void {
    if (held === this.held) return
    if (held) {
      this.#timer = OWN.runInAsyncScope(() => setInterval(() => {}, LONGEST_MS))
    } else {
      clearInterval(this.#timer!)
      this.#timer = null
    }
  }
}
