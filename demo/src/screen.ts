import { BULK_KINDS } from './bulk-mix.js'
import { currentPhase, type DemoState } from './demo-state.js'
import { duration, rate } from './figures.js'
import { latencyBar, latencyScale } from './latency-bar.js'
import type { PhaseRecord } from './phase-record.js'
import { plain, type Span, type StyledLine, styled } from './styled-line.js'

const TITLE = 20
const FIGURE = 8
const KIND = 10
/** As wide as the legend of the bars. */
const LEGEND = 17
/** Both tables have three columns of figures. */
const FIGURES_END = TITLE + 3 * FIGURE
const BLANK = plain('')

/**
 * The whole screen while the demo runs.
 *
 * @param now ms of a monotonic clock
 */
export function screen(state: DemoState, columns: number, now: number): StyledLine[] {
  const index = currentPhase(state)
  const current = state.phases[index]!
  const barWidth = Math.max(8, columns - FIGURES_END - 3)
  const hasKinds = columns >= FIGURES_END + BULK_KINDS.length * KIND
  const bulkPhases = state.phases.slice(1)
  return [
    [styled('multilane', 'bold'), { text: `  ${state.cores} cores, ${fileSummary(state)}` }],
    [
      { text: `phase ${index + 1} of ${state.phases.length}: ` },
      styled(`${current.title}, ${stageOf(current, state, now)}`, 'cyan'),
    ],
    BLANK,
    [styled('Urgent', 'bold'), { text: ': check and price an order, one every 20 ms' }],
    [
      styled(''.padEnd(TITLE) + figures('p50', 'p99', 'max'), 'dim'),
      styled(`  ${latencyScale(barWidth)}`, 'dim'),
    ],
    ...state.phases.map((phase, i) => urgentLine(phase, i === index, barWidth)),
    [
      { text: ''.padEnd(Math.min(FIGURES_END + 2, columns - LEGEND)) },
      styled('█', 'green'),
      styled(' p50 ', 'dim'),
      styled('▓', 'yellow'),
      styled(' p99 ', 'dim'),
      styled('░', 'red'),
      styled(' max', 'dim'),
    ],
    [styled('Bulk', 'bold'), { text: ': hash, compress, parse and minify those files' }],
    [
      styled(
        `${''.padEnd(TITLE)}${figures('files/s', 'MB/s', 'failed')}${hasKinds ? kindTitles() : ''}`,
        'dim',
      ),
    ],
    ...bulkPhases.map(phase => bulkLine(phase, phase === current, hasKinds, now)),
    ...(hasKinds || current === state.phases[0] ? [] : [BLANK, [styled(kindsInWords(current, now), 'dim')]]),
    BLANK,
    ...lastFailure(state.phases),
  ]
}

export function fileSummary({ files }: DemoState): string {
  return `${files.count} files (${(files.bytes / 1e6).toFixed(1)} MB) of node_modules`
}

export function stageOf(phase: PhaseRecord, state: DemoState, now: number): string {
  if (phase.stage !== 'measuring') return phase.stage
  return `${Math.max(0, Math.ceil(state.seconds - phase.seconds(now)))} s to go`
}

export function kindsInWords(phase: PhaseRecord, now: number): string {
  const kinds = BULK_KINDS.map(kind => `${kind} ${rate(phase.filesPerSecond(kind, now))}`)
  return `files/s: ${kinds.join(', ')}`
}

function urgentLine(phase: PhaseRecord, isCurrent: boolean, barWidth: number): StyledLine {
  const { latency } = phase
  const [p50, p99, max] = [latency.percentile(0.5), latency.percentile(0.99), latency.max]
  const text = figures(duration(p50), duration(p99), duration(max))
  return [titleSpan(phase, isCurrent), { text: `${text}  ` }, ...latencyBar(latency, barWidth)]
}

function bulkLine(phase: PhaseRecord, isCurrent: boolean, hasKinds: boolean, now: number): StyledLine {
  if (phase.seconds(now) === 0) {
    return [
      titleSpan(phase, isCurrent),
      { text: figures('-', '-', phase.failed === 0 ? '-' : `${phase.failed}`) },
    ]
  }
  const kinds = BULK_KINDS.map(kind => rate(phase.filesPerSecond(kind, now)).padStart(KIND)).join('')
  return [
    titleSpan(phase, isCurrent),
    { text: rate(phase.allFilesPerSecond(now)).padStart(FIGURE) },
    { text: rate(phase.megabytesPerSecond(now)).padStart(FIGURE) },
    phase.failed === 0 ? { text: '-'.padStart(FIGURE) } : styled(`${phase.failed}`.padStart(FIGURE), 'red'),
    { text: hasKinds ? kinds : '' },
  ]
}

function titleSpan(phase: PhaseRecord, isCurrent: boolean): Span {
  const text = `${isCurrent ? '>' : ' '} ${phase.title}`.padEnd(TITLE)
  if (isCurrent) return styled(text, 'cyan')
  return phase.stage === 'waiting' ? styled(text, 'dim') : { text }
}

function figures(...texts: readonly string[]): string {
  return texts.map(text => text.padStart(FIGURE)).join('')
}

function kindTitles(): string {
  return BULK_KINDS.map(kind => `${kind}/s`.padStart(KIND)).join('')
}

function lastFailure(phases: readonly PhaseRecord[]): StyledLine[] {
  const failure = phases.flatMap(phase => phase.failures).at(-1)
  return failure === undefined ? [] : [[styled('failed: ', 'red'), { text: failure }]]
}
