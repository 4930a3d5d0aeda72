import { type Bar, isMet } from './bars.js'
import type { Spread } from './statistics.js'

/** One line of the outcome. */
export interface Row {
  readonly what: string
  readonly unit: 'tasks/s' | 'jobs/s' | 'requests/s' | 'ns' | 'µs' | 'ms' | '%' | 'bytes' | 'listeners'
  readonly ours: number
  readonly peer?: { readonly name: string; readonly figure: number }
  /** Ours to the peer's. */
  readonly ratio?: Spread
  readonly bar?: Bar
  /** Against the plain reading of the figures. */
  readonly note?: string
}

const HEADINGS = ['what', 'multilane', 'peer', 'ratio (min–max)', 'bar (target)', 'verdict']

/** For a terminal: columns padded with blanks. */
export function formatText(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  const rule = widths.map(width => '-'.repeat(width)).join('  ')
  return [format(lines[0]!), rule, ...lines.slice(1).map(format)].join('\n')
}

export function formatMarkdown(rows: readonly Row[]): string {
  const format = (line: readonly string[]): string => `| ${line.join(' | ')} |`
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows.map(cellsOf)].map(format).join('\n')
}

function cellsOf(row: Row): string[] {
  const { what, unit, ours, peer, ratio, bar, note } = row
  return [
    note === undefined ? what : `${what} (${note})`,
    formatFigure(ours, unit),
    peer === undefined ? '–' : `${peer.name}: ${formatFigure(peer.figure, unit)}`,
    ratio === undefined ? '–' : formatRatio(ratio),
    bar === undefined ? '–' : formatBar(bar, unit),
    verdictOf(row) ?? '–',
  ]
}

/** `met` or `MISSED`; undefined for a row without a bar. */
export function verdictOf({ bar, ratio, ours }: Row): string | undefined {
  if (bar === undefined) return undefined
  const value = bar.of === 'figure' ? ours : ratio?.median
  return value !== undefined && isMet(bar, value) ? 'met' : 'MISSED'
}

function formatRatio({ median, min, max }: Spread): string {
  const shown = `${round(median)} ×`
  return min === max ? shown : `${shown} (${round(min)}–${round(max)})`
}

function formatBar({ sense, limit, target, of }: Bar, unit: string): string {
  const sign = sense === 'at least' ? '≥' : '≤'
  const suffix = of === 'ratio' ? '×' : unit
  return `${sign} ${round(limit)} ${suffix}${target === undefined ? '' : ` (${round(target)})`}`
}

/** Three digits are more than any of these figures is good for. */
function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

export function formatFigure(value: number, unit: Row['unit']): string {
  const digits = value >= 1000 ? Number(value.toPrecision(3)).toLocaleString('en') : round(value)
  return `${digits} ${unit}`
}
