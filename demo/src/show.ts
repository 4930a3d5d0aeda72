import type { DemoState } from './demo-state.js'

/** Shows a running demo. */
export interface Show {
  /** Called often; what has not changed enough need not be shown again. */
  update(state: DemoState): void
  /** Leaves the terminal as it was. */
  close(): void
}
