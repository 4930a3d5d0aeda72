import type { MeasuredFigures } from './lane-figures.js'
import type { OsPriority } from './os-priority.js'

/** What the supervisor can tell of a lane. */
export interface LaneThreadStats extends MeasuredFigures {
  /** Threads that are ready. */
  readonly threads: number
  /** Lost threads replaced since the start. */
  readonly restarts: number
  /** Threads that were replaced because they stalled, and have not left. */
  readonly stalled: number
  /** The operating system's priority that was really applied; to the least lowered thread, if they differ. */
  readonly os: OsPriority
}

export interface SupervisorStats {
  readonly lanes: Readonly<Record<string, LaneThreadStats>>
  /** Tasks that ignored their abort for their grace and were given up. */
  readonly abandoned: number
  /** Messages dropped because they made no sense. */
  readonly strays: number
}
