/** What the project holds itself to. Pure: a bar and a figure in, a verdict out. */
export interface Bar {
  readonly sense: 'at least' | 'at most'
  readonly limit: number
  /** What is aimed at beyond the bar. */
  readonly target?: number
  /** What is compared: the ratio to the peer, or our own figure in its unit. */
  readonly of: 'ratio' | 'figure'
}

export function atLeast(limit: number, target?: number): Bar {
  return { sense: 'at least', limit, of: 'ratio', ...(target === undefined ? {} : { target }) }
}

export function atMost(limit: number, target?: number): Bar {
  return { sense: 'at most', limit, of: 'ratio', ...(target === undefined ? {} : { target }) }
}

/** Our own figure, whatever others have. */
export function noMoreThan(limit: number): Bar {
  return { sense: 'at most', limit, of: 'figure' }
}

export function isMet(bar: Bar, value: number): boolean {
  return bar.sense === 'at least' ? value >= bar.limit : value <= bar.limit
}
