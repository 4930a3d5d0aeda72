import type { OsPriority } from './os-priority.js'

/** What `stats()` tells. All of it is true when it is read, also while loops are blocked. */

/**
 * Durations, in whole nanoseconds, at a precision of one percent.
 *
 * It is a `RecordableHistogram` of `node:perf_hooks`, of which only this is promised. Each `stats()` makes new ones, so
 * those of several lanes, or of several processes, are merged by adding them to one of them.
 */
export interface DurationHistogram {
  /** How many durations have been recorded. */
  readonly count: number
  readonly min: number
  readonly max: number
  /** NaN while nothing has been recorded. */
  readonly mean: number
  readonly stddev: number
  /** Each percentile at which the value changes, with the value. */
  readonly percentiles: Map<number, number>
  /** @param percentile above 0, at most 100 */
  percentile(percentile: number): number
  /** Counts what the other has recorded here too. */
  add(other: DurationHistogram): void
}

/** The share of time, 0 to 1, in which event loops were not idle: the mean of a lane's threads. Spinning counts. */
export interface LoopUtilization {
  /** Since each thread was ready. */
  readonly sinceStart: number
  /** Since the `stats()` before this one. */
  readonly sinceLast: number
}

/** How many tasks submitted here have ended, and how. */
export interface FinishedCounts {
  readonly DONE: number
  readonly FAILED: number
  readonly TIMED_OUT: number
  readonly CANCELED: number
}

/** One lane. Everything is counted from the start of the lanes, and nothing counted ever goes back. */
export interface LaneStats {
  /** Tasks submitted here and not started. */
  readonly waiting: number
  /** Tasks submitted here, started, and not finished. */
  readonly running: number
  readonly finished: FinishedCounts
  /** Threads that are ready. */
  readonly threads: number
  /** Lost threads that were replaced. */
  readonly restarts: number
  /** Threads that were replaced because they stalled (`onStall: 'replace'`), and have not left yet. */
  readonly stalled: number
  /** The operating system's priority that was really applied; to the least lowered thread, if they differ. */
  readonly os: OsPriority
  /** Of each task that started, whoever submitted it: from its submission, or the end of its `delay` or of what it was to start `after`, to its start. */
  readonly waits: DurationHistogram
  /** Of each task that returned or threw, whoever submitted it: from its start to its end. */
  readonly runs: DurationHistogram
  /** Milliseconds of CPU that threads have spent on looking for work before they slept; see the option `spin`. */
  readonly spin: number
  readonly utilization: LoopUtilization
}

export interface SchedulerStats {
  readonly lanes: Readonly<Record<string, LaneStats>>
  /** Tasks submitted here and not finished. */
  readonly unfinished: number
  /** Tasks that ignored their abort for their grace and were given up. */
  readonly abandoned: number
  /** Messages dropped because they made no sense, or came twice or too late. */
  readonly strays: number
}
