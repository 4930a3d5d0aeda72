import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import type { LoopUtilization } from './scheduler-stats.js'

/** A thread whose loop can be measured from here. */
export type MeasuredLoop = Pick<Worker, 'performance'>

interface Marks {
  /** As the loop was when it was first looked at. */
  readonly first: EventLoopUtilization
  /** As it was at the last look. */
  last: EventLoopUtilization
}

/** Which share of time the event loops of a lane are not idle. */
export class LoopShares {
  readonly #loops = new Map<MeasuredLoop, Marks>()

  joined(loop: MeasuredLoop): void {
    const first = loop.performance.eventLoopUtilization()
    this.#loops.set(loop, { first, last: first })
  }

  left(loop: MeasuredLoop): void {
    this.#loops.delete(loop)
  }

  /** The mean of the loops there are. The second figure counts from one call to the next. */
  take(): LoopUtilization {
    const sinceStart: number[] = []
    const sinceLast: number[] = []
    for (const [loop, marks] of this.#loops) {
      const now = loop.performance.eventLoopUtilization()
      sinceStart.push(share(marks.first, now))
      sinceLast.push(share(marks.last, now))
      marks.last = now
    }
    return { sinceStart: meanOf(sinceStart), sinceLast: meanOf(sinceLast) }
  }
}

/** The share of the time between two looks in which the loop was not idle. */
function share(from: EventLoopUtilization, to: EventLoopUtilization): number {
  const idle = to.idle - from.idle
  const active = to.active - from.active
  // A worker that has just exited shows zeros.
  return idle + active > 0 ? Math.min(1, Math.max(0, active / (idle + active))) : 0
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value) / values.length
}
