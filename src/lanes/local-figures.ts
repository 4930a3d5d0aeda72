import type { MeasuredFigures } from './lane-figures.js'
import { LoopShares } from './loop-shares.js'
import { newDurations, ThreadTimings } from './task-timings.js'

/** The figures of a lane whose tasks are timed by one thread, which nobody spins for. */
export class LocalFigures {
  readonly timings = new ThreadTimings({ waits: newDurations(), runs: newDurations() })
  readonly loops = new LoopShares()

  /** All of it, as it is now. The second figure of the utilization counts from one call to the next. */
  take(): MeasuredFigures {
    const waits = newDurations()
    const runs = newDurations()
    if (this.timings.waits.count > 0) waits.add(this.timings.waits)
    if (this.timings.runs.count > 0) runs.add(this.timings.runs)
    return { waits, runs, spin: 0, utilization: this.loops.take() }
  }
}
