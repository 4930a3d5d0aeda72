import type { LatencyHistogram } from './latency-histogram.js'
import { type Span, styled } from './styled-line.js'

/** From 10 µs to 1 s, each power of ten as wide as the next: on a linear scale the good ones could not be seen. */
const FROM_MS = 0.01
const DECADES = 5
const MARKS = ['10µs', '.1ms', '1ms', '10ms', '.1s', '1s']

/** A bar that is full as far as the median, shaded as far as the 99th percentile, and light as far as the maximum. */
export function latencyBar(latency: LatencyHistogram, width: number): Span[] {
  if (latency.count === 0) return []
  const median = Math.max(1, cells(latency.percentile(0.5), width))
  const high = Math.max(median, cells(latency.percentile(0.99), width))
  const max = Math.max(high, cells(latency.max, width))
  return [
    styled('█'.repeat(median), 'green'),
    styled('▓'.repeat(high - median), 'yellow'),
    styled('░'.repeat(max - high), 'red'),
  ]
}

/** The scale that goes above the bars; marks for which there is no room are left out. */
export function latencyScale(width: number): string {
  let scale = ''
  for (const [index, mark] of MARKS.entries()) {
    const isLast = index === MARKS.length - 1
    const at = isLast ? width - mark.length : Math.round((index * width) / DECADES)
    const reserved = isLast ? 0 : MARKS.at(-1)!.length + 1
    const fits = at >= scale.length + (index === 0 ? 0 : 1) && at + mark.length + reserved <= width
    if (fits) scale = scale.padEnd(at) + mark
  }
  return scale
}

function cells(ms: number, width: number): number {
  const share = Math.log10(Math.max(ms, FROM_MS) / FROM_MS) / DECADES
  return Math.round(Math.min(share, 1) * width)
}
