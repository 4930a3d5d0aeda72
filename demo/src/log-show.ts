import type { Writable } from 'node:stream'
import { currentPhase, type DemoState } from './demo-state.js'
import { duration, rate } from './figures.js'
import { fileSummary, kindsInWords, stageOf } from './screen.js'
import type { Show } from './show.js'

const LINE_MS = 1_000

/** One plain line a second, for a pipe or a log, where nothing can be redrawn. */
export class LogShow implements Show {
  readonly #out: Writable
  #lastLine = Number.NEGATIVE_INFINITY

  constructor(out: Writable) {
    this.#out = out
  }

  update(state: DemoState): void {
    const now = performance.now()
    if (now - this.#lastLine < LINE_MS) return
    if (this.#lastLine < 0) this.#out.write(`multilane, ${state.cores} cores, ${fileSummary(state)}\n`)
    this.#lastLine = now
    const index = currentPhase(state)
    const phase = state.phases[index]!
    const { latency } = phase
    const figures = [
      `p50 ${duration(latency.percentile(0.5))}`,
      `p99 ${duration(latency.percentile(0.99))}`,
      `max ${duration(latency.max)}`,
    ]
    const bulk = `${rate(phase.megabytesPerSecond(now))} MB/s, ${kindsInWords(phase, now)}, ${phase.failed} failed`
    this.#out.write(
      `${index + 1}/${state.phases.length} ${phase.title}, ${stageOf(phase, state, now)}: urgent ${figures.join(', ')}` +
        `${index === 0 ? '' : `; bulk ${bulk}`}\n`,
    )
  }

  close(): void {}
}
