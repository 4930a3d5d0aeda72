import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import type { ThreadBlock } from '../bridge/thread-block.js'
import type { LoopUtilization } from './scheduler-stats.js'
import { newDurations, type TaskDurations } from './task-timings.js'

/** As much of a lane thread as its figures need. */
export interface MeasuredThread {
  readonly block: ThreadBlock
  /** What it records in, lent to it. */
  readonly durations: TaskDurations
  readonly worker: Pick<Worker, 'performance'> | null
}

/** What has been measured on the threads of one lane. */
export interface MeasuredFigures extends TaskDurations {
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
 * The figures of one lane. No count ever goes back, whatever becomes of a thread. All of it is read from memory that
 * the threads share, so it is true while their loops are blocked.
 *
 * Histograms are lent to a thread and go on counting for the next when it is gone. V8 does not see what they take
 * outside of its heap, so new ones for each thread of a lane that grows and shrinks would pile up until it happened to
 * collect garbage.
 */
export class LaneFigures {
  readonly #threads = new Map<MeasuredThread, Marks>()
  readonly #durations = new Set<TaskDurations>()
  readonly #spare: TaskDurations[] = []
  /** What threads have spun that are gone. */
  #pastSpin = 0

  /** What a new thread is to record in. */
  lend(): TaskDurations {
    const durations = this.#spare.pop() ?? { waits: newDurations(), runs: newDurations() }
    this.#durations.add(durations)
    return durations
  }

  /** A thread has become ready. */
  joined(thread: MeasuredThread): void {
    const ready = thread.worker?.performance.eventLoopUtilization()
    this.#threads.set(thread, { ready, last: ready })
  }

  /** Nothing of a thread runs any more, whether it was ever ready or not. Told once of each. */
  exited(thread: MeasuredThread): void {
    this.#spare.push(thread.durations)
    if (this.#threads.delete(thread)) this.#pastSpin += thread.block.spun
  }

  /** All of it, as it is now. The second figure of the utilization counts from one call to the next. */
  take(): MeasuredFigures {
    const waits = newDurations()
    const runs = newDurations()
    for (const durations of this.#durations) {
      if (durations.waits.count > 0) waits.add(durations.waits)
      if (durations.runs.count > 0) runs.add(durations.runs)
    }
    let spin = this.#pastSpin
    const sinceStart: number[] = []
    const sinceLast: number[] = []
    for (const [thread, marks] of this.#threads) {
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
