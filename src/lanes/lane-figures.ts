import type { ThreadBlock } from '../bridge/thread-block.js'
import { LoopShares, type MeasuredLoop } from './loop-shares.js'
import type { LoopUtilization } from './scheduler-stats.js'
import { newDurations, type TaskDurations } from './task-timings.js'

/** As much of a lane thread as its figures need. */
export interface MeasuredThread {
  readonly block: ThreadBlock
  /** What it records in, lent to it. */
  readonly durations: TaskDurations
  readonly worker: MeasuredLoop | null
}

/** What has been measured on the threads of one lane. */
export interface MeasuredFigures extends TaskDurations {
  /** Milliseconds. */
  readonly spin: number
  readonly utilization: LoopUtilization
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
  readonly #threads = new Set<MeasuredThread>()
  readonly #loops = new LoopShares()
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
    this.#threads.add(thread)
    if (thread.worker !== null) this.#loops.joined(thread.worker)
  }

  /** Nothing of a thread runs any more, whether it was ever ready or not. Told once of each. */
  exited(thread: MeasuredThread): void {
    this.#spare.push(thread.durations)
    if (this.#threads.delete(thread)) this.#pastSpin += thread.block.spun
    if (thread.worker !== null) this.#loops.left(thread.worker)
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
    for (const { block } of this.#threads) spin += block.spun
    return {
      waits,
      runs,
      spin,
      utilization: this.#loops.take(),
    }
  }
}
