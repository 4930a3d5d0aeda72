import type { DemoState } from './demo-state.js'
import { duration, rate, ratio } from './figures.js'
import type { PhaseRecord } from './phase-record.js'
import { plain, type StyledLine, styled, wrap } from './styled-line.js'
import { verdict } from './verdict.js'

interface Column {
  readonly title: string
  /** Left out where there are fewer columns of characters than this. */
  readonly from: number
  readonly figure: (phase: PhaseRecord, idle: PhaseRecord, now: number) => string
}

const TITLE = 18
const FIGURE = 9
/** A share of all cores. */
const NOTABLE_LOAD = 0.05
const COLUMNS: readonly Column[] = [
  { title: 'p50', from: 0, figure: phase => duration(phase.latency.percentile(0.5)) },
  { title: '× idle', from: 80, figure: (phase, idle) => times(phase, idle, 0.5) },
  { title: 'p99', from: 0, figure: phase => duration(phase.latency.percentile(0.99)) },
  { title: '× idle', from: 0, figure: (phase, idle) => times(phase, idle, 0.99) },
  { title: 'max', from: 64, figure: phase => duration(phase.latency.max) },
  {
    title: 'files/s',
    from: 0,
    figure: (phase, idle, now) => (phase === idle ? '' : rate(phase.allFilesPerSecond(now))),
  },
  {
    title: 'MB/s',
    from: 74,
    figure: (phase, idle, now) => (phase === idle ? '' : rate(phase.megabytesPerSecond(now))),
  },
  { title: 'failed', from: 90, figure: phase => (phase.failed === 0 ? '-' : String(phase.failed)) },
]

/** What is left on the terminal at the end. */
export function summary(state: DemoState, columns: number): StyledLine[] {
  const now = performance.now()
  const [idle] = state.phases
  const shown = COLUMNS.filter(column => columns >= column.from)
  const header = shown.map(column => column.title.padStart(FIGURE)).join('')
  const failures = state.phases.flatMap(phase => phase.failures.map(text => `${phase.title}, ${text}`))
  const failed = state.phases.reduce((sum, phase) => sum + phase.failed, 0)
  return [
    [styled(''.padEnd(TITLE) + header, 'dim')],
    ...state.phases.map(phase => [
      styled(phase.title.padEnd(TITLE), 'bold'),
      { text: shown.map(column => column.figure(phase, idle!, now).padStart(FIGURE)).join('') },
    ]),
    ...(failed === 0 ? [] : [[styled(`${failed} failed, such as:`, 'red')]]),
    ...failures.map(text => plain(`  ${text}`)),
    ...disturbances(state.phases, columns),
    plain(''),
    ...wrap(verdict(state, now), columns).map(plain),
  ]
}

/** Figures of a machine that others use at the same time say less, and the reader must know. */
function disturbances(phases: readonly PhaseRecord[], columns: number): StyledLine[] {
  const disturbed = phases.filter(phase => phase.foreignLoad >= NOTABLE_LOAD)
  if (disturbed.length === 0) return []
  const shares = disturbed.map(phase => `${(100 * phase.foreignLoad).toFixed(0)} % during '${phase.title}'`)
  const text = `Other processes had a part of the cores: ${shares.join(', ')}. Run it again when they have not.`
  return wrap(text, columns).map(line => [styled(line, 'yellow')])
}

function times(phase: PhaseRecord, idle: PhaseRecord, share: number): string {
  return phase === idle ? '' : ratio(phase.latency.percentile(share), idle.latency.percentile(share))
}
