import type { EventLoopUtilization, RecordableHistogram } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import type { ThreadBlock } from '../bridge/thread-block.js'
import type { LoopUtilization } from './scheduler-stats.js'
import { newDurations } from './task-timings.js'

/** As much of a lane thread as its figures need. */
export interface MeasuredThread {
  readonly block: ThreadBlock
  readonly timings: { readonly waits: RecordableHistogram; readonly runs: RecordableHistogram } | null
  readonly worker: Pick<Worker, 'performance'> | null
}

/** What has been measured on the threads of one lane. */
export interface MeasuredFigures {
  /** Nanoseconds. */
  readonly waits: RecordableHistogram
  /** Nanoseconds. */
  readonly runs: RecordableHistogram
  /** Milliseconds. */
  readonly spin: number
  readonly utilization: LoopUtilization
}

interface Marks {
  /** As the thread was when it became ready. */
  readonly ready: EventLoopUtilization | undefined
  /** As it was at the last look. */
  last: EventLoopUtilization | undefined
}

/**
 * The figures of one lane. Those of a thread that is gone are kept in a total, so that no count ever goes back. All
 * of it is read from memory that the threads share, so it is true while their loops are blocked.
 */
export class LaneFigures {
  readonly #threads = new Map<MeasuredThread, Marks>()
  readonly #past = { waits: newDurations(), runs: newDurations(), spin: 0 }

  /** A thread has become ready. */
  joined(thread: MeasuredThread): void {
    const ready = thread.worker?.performance.eventLoopUtilization()
    this.#threads.set(thread, { ready, last: ready })
  }

  /** Nothing of a thread runs any more. */
  exited(thread: MeasuredThread): void {
    if (!this.#threads.delete(thread)) return
    merge(this.#past.waits, thread.timings?.waits)
    merge(this.#past.runs, thread.timings?.runs)
    this.#past.spin += thread.block.spun
  }

  /** All of it, as it is now. The second figure of the utilization counts from one call to the next. */
  take(): MeasuredFigures {
    const waits = newDurations()
    const runs = newDurations()
    merge(waits, this.#past.waits)
    merge(runs, this.#past.runs)
    let { spin } = this.#past
    const sinceStart: number[] = []
    const sinceLast: number[] = []
    for (const [thread, marks] of this.#threads) {
      merge(waits, thread.timings?.waits)
      merge(runs, thread.timings?.runs)
      spin += thread.block.spun
      const now = thread.worker?.performance.eventLoopUtilization()
      if (now === undefined) continue
      sinceStart.push(share(marks.ready, now))
      sinceLast.push(share(marks.last, now))
      marks.last = now
    }
    return {
      waits,
      runs,
      spin,
      utilization: { sinceStart: meanOf(sinceStart), sinceLast: meanOf(sinceLast) },
    }
  }
}

function merge(into: RecordableHistogram, other: RecordableHistogram | undefined): void {
  if (other !== undefined && other.count > 0) into.add(other)
}

/** The share of the time between two looks in which the loop was not idle. */
function share(from: EventLoopUtilization | undefined, to: EventLoopUtilization): number {
  const idle = to.idle - (from?.idle ?? 0)
  const active = to.active - (from?.active ?? 0)
  // A worker that has just exited shows zeros.
  return idle + active > 0 ? Math.min(1, Math.max(0, active / (idle + active))) : 0
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value) / values.length
}
