import type { RecordableHistogram } from 'node:perf_hooks'
import { DurationCounts } from './duration-counts.js'
import type { MeasuredFigures } from './lane-figures.js'
import type { TaskTimings } from './loop-environment.js'
import { LoopShares } from './loop-shares.js'
import { newDurations } from './task-timings.js'

/** The figures of a lane whose tasks are timed by the thread that looks at them, which nobody spins for. */
export class LocalFigures {
  readonly timings: TaskTimings
  readonly loops = new LoopShares()
  readonly #waits = new CountedDurations()
  readonly #runs = new CountedDurations()

  constructor() {
    this.timings = {
      waited: duration => this.#waits.counts.count(duration),
      ran: duration => this.#runs.counts.count(duration),
    }
  }

  /** All of it, as it is now. The second figure of the utilization counts from one call to the next. */
  take(): MeasuredFigures {
    return { waits: this.#waits.take(), runs: this.#runs.take(), spin: 0, utilization: this.loops.take() }
  }
}

class CountedDurations {
  readonly counts = new DurationCounts()
  /** What was counted before somebody looked last. */
  #past: RecordableHistogram | null = null

  /** All that have ever been counted. */
  take(): RecordableHistogram {
    const all = newDurations()
    this.#past ??= newDurations()
    this.counts.moveTo(this.#past)
    if (this.#past.count > 0) all.add(this.#past)
    return all
  }
}
