import type { DemoState } from './demo-state.js'
import { duration, ratio } from './figures.js'
import type { PhaseRecord } from './phase-record.js'

/** One sentence that says what was seen, whatever it was. */
export function verdict(state: DemoState, now: number): string {
  const [idle, multilane, ...pools] = state.phases
  if (state.phases.some(phase => phase.latency.count === 0)) return 'Too little was measured to say anything.'
  const told = [multilane!, ...pools].map(phase => {
    return `${duration(p99(phase))} (${ratio(p99(phase), p99(idle!))} idle) by ${phase.title}`
  })
  const bestPool = Math.max(...pools.map(pool => pool.allFilesPerSecond(now)))
  const bulk = `${percent(multilane!.allFilesPerSecond(now), bestPool)} of the bulk work of the faster of the pools`
  return (
    `Of 100 urgent tasks, 99 were answered within ${duration(p99(idle!))} on the idle machine and, with every core ` +
    `busy, within ${told.join(', ')}; and Multilane did ${bulk}.`
  )
}

function p99(phase: PhaseRecord): number {
  return phase.latency.percentile(0.99)
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'an unknown share' : `${((100 * part) / whole).toFixed(0)} %`
}
