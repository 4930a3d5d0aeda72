import type { PhaseRecord } from './phase-record.js'

/** All that is shown. */
export interface DemoState {
  readonly cores: number
  readonly files: { readonly count: number; readonly bytes: number }
  /** How long each phase is measured. */
  readonly seconds: number
  readonly phases: readonly PhaseRecord[]
}

/** @returns the index of the phase whose turn it is, or of the last one if all are done */
export function currentPhase(state: DemoState): number {
  const index = state.phases.findIndex(phase => phase.stage !== 'done')
  return index < 0 ? state.phases.length - 1 : index
}
