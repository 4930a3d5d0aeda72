import type { LaneTerms } from '#src/bridge/sender-context.js'
import type { NestedCalls } from './sim-calls.js'
import type { SimHandles } from './sim-handles.js'
import type { PoolWatcher } from './sim-pool.js'
import type { SenderSurroundings } from './sim-sender.js'
import type { SimTask } from './sim-tasks.js'

/** What simulated threads have in common. */
export interface ThreadSurroundings extends SenderSurroundings {
  /** Those of all lanes. */
  readonly terms: readonly LaneTerms[]
  /** What tasks submit. */
  readonly calls: NestedCalls | null
  readonly handles: SimHandles | null
  /** What they can run beside `SIM_TASKS`. */
  readonly tasks: Readonly<Record<string, SimTask>>
  readonly watcher: PoolWatcher
}
