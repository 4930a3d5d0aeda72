import type { OverloadPolicy } from '../core/admission.js'
import type { OsPriority } from './os-priority.js'
import type { ThreadRange } from './thread-range.js'

/** A lane as the supervisor is told of it: validated, complete and cloneable. */
export interface LaneConfig {
  readonly name: string
  /** The URL of the task module. */
  readonly tasks: string
  readonly threads: ThreadRange
  readonly concurrency: number
  readonly queueLimit: number
  readonly overload: OverloadPolicy
  /** Milliseconds. */
  readonly grace: number
  /** Milliseconds. */
  readonly spin: number
  readonly os: OsPriority
  /** Milliseconds, or Infinity. */
  readonly slowCallback: number
  /** Milliseconds, or Infinity. */
  readonly stallAfter: number
  readonly restart: { readonly max: number; readonly within: number }
  /** Milliseconds. */
  readonly startTimeout: number
  readonly resourceLimits: Readonly<Record<string, number>> | undefined
  readonly env: Readonly<Record<string, string>>
  readonly workerData: unknown
  readonly execArgv: readonly string[] | undefined
}

export interface SupervisorConfig {
  readonly lanes: readonly LaneConfig[]
  /** Epoch milliseconds at monotonic instant 0. */
  readonly epochOffset: number
}
