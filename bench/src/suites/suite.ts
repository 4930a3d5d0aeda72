import type { Turns } from '../rounds.js'
import type { Row } from '../table.js'

/** How much to measure. */
export interface Effort {
  /** Overrides each suite's own number of rounds. */
  readonly rounds: number | undefined
  /** Just enough to see that everything works. */
  readonly quick: boolean
  /** Shows a line while a suite goes on. */
  say(line: string): void
}

export interface SuiteResult {
  readonly rows: readonly Row[]
  /** Every figure of every round, for those who want to look closer. */
  readonly figures: unknown
}

export type Suite = (effort: Effort) => Promise<SuiteResult>

/** How many rounds a suite makes: as many as were asked for, or else its own number, or fewer in a hurry. */
export function turnsOf({ rounds, quick, say }: Effort, usual: number, hurried: number): Turns {
  return { rounds: rounds ?? (quick ? hurried : usual), patience: quick ? 0 : 1, say }
}
