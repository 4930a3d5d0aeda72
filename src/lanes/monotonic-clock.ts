import { performance } from 'node:perf_hooks'
import type { Clock } from '../core/clock.js'
import type { Timers } from '../core/reminders.js'

/**
 * `performance.now()` counts from an origin of its own in each thread; `process.hrtime` counts from one that all
 * share. The difference is taken once, and from then on the cheaper of the two is asked.
 */
function offsetToShared(): number {
  let best = Number.POSITIVE_INFINITY
  let offset = 0
  for (let round = 0; round < 5; round++) {
    const before = performance.now()
    const shared = Number(process.hrtime.bigint()) / 1e6
    const after = performance.now()
    if (after - before >= best) continue
    best = after - before
    offset = shared - (before + after) / 2
  }
  return offset
}

const OFFSET = offsetToShared()

/** The monotonic clock of the process, the same in all its threads. */
export const monotonicClock: Clock = {
  now: () => performance.now() + OFFSET,
}

/** Node's timers fire at once beyond this. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** Node's timers, for delays of any length. They do not hold the event loop: what must hold it says so by its port. */
export const nodeTimers: Timers = {
  after(delay, call) {
    let timer: NodeJS.Timeout
    const wait = (left: number): void => {
      const now = Math.min(left, LONGEST_DELAY_MS)
      timer = setTimeout(() => (left > now ? wait(left - now) : call()), now)
      timer.unref()
    }
    wait(delay)
    return () => clearTimeout(timer)
  },
}
