/** Pure: numbers in, numbers out. */

/** How a figure varied over the rounds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * The value below which a share of the values lies, interpolated between neighbours.
 *
 * @param share 0.5 for the median, 0.99 for the 99th percentile
 * @throws RangeError if there are no values
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = Math.floor(position)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (position - below)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * The ratio of two figures, taken within each round and then over the rounds: what slows a whole round down, such as
 * a neighbour on the same machine, slows both.
 */
export function ratioOf(ours: readonly number[], peers: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / peers[round]!))
}
