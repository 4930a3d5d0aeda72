import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { TaskTimings } from './loop-environment.js'

const NANOSECONDS = 1e6

/** An empty histogram of durations, in nanoseconds. Two digits are kept: 45 KB, and merged in 20 microseconds. */
export function newDurations(): RecordableHistogram {
  return createHistogram({ figures: 2 })
}

/** How long the tasks of one thread waited and ran, in nanoseconds. */
export interface TaskDurations {
  readonly waits: RecordableHistogram
  readonly runs: RecordableHistogram
}

/**
 * Records how long the tasks of one thread wait and run, in histograms that the supervisor has lent it. Posted, a
 * histogram is shared: what is recorded here shows there, also while this thread's loop is blocked, and stays when it
 * has died.
 */
export class ThreadTimings implements TaskTimings {
  readonly waits: RecordableHistogram
  readonly runs: RecordableHistogram

  constructor({ waits, runs }: TaskDurations) {
    this.waits = waits
    this.runs = runs
  }

  waited(duration: number): void {
    this.waits.record(recordable(duration))
  }

  ran(duration: number): void {
    this.runs.record(recordable(duration))
  }
}

/** Whole numbers from 1 are all that a histogram takes; clocks of two threads may differ by a microsecond. */
function recordable(duration: number): number {
  const nanoseconds = Math.round(duration * NANOSECONDS)
  return nanoseconds < 1 ? 1 : nanoseconds > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : nanoseconds
}
