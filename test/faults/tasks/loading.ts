import { blockAt, type Gate, passBy, waitAt } from '../../support/gate.js'

export * from './plain.js'

/** What is to become of each start of a thread, in their order; the last one goes on. */
export interface SetupPlan {
  readonly starts: Gate
  readonly outcomes: readonly ('works' | 'throws' | 'hangs' | 'waits')[]
  /** Where the one that waits does. */
  readonly gate?: Gate
}

export async function setup({ starts, outcomes, gate }: SetupPlan): Promise<void> {
  const start = passBy(starts)
  const outcome = outcomes[Math.min(start, outcomes.length - 1)]
  if (outcome === 'throws') throw new RangeError('setup does not want to')
  if (outcome === 'waits') await waitAt(gate!)
  if (outcome === 'hangs') await new Promise(() => {})
}

export function exit(code: number): void {
  process.exit(code)
}

export function blockAndExit(gate: Gate, code: number): void {
  blockAt(gate)
  process.exit(code)
}

export const notAFunction = 1
