import { KeyShare } from '../bridge/key-share.js'
import { QueuePlaces } from '../bridge/queue-places.js'
import type { OverloadPolicy } from '../core/admission.js'
import type { StallAction } from '../core/stall-action.js'
import type { OsPriority } from './os-priority.js'
import { MOST_THREADS, type ThreadRange } from './thread-range.js'

/** A lane as the supervisor is told of it: validated, complete and cloneable. */
export interface LaneConfig {
  readonly name: string
  /** How urgent it is: the place of its priority among `LANE_PRIORITIES`. */
  readonly rank: number
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
  readonly onStall: StallAction
  readonly restart: { readonly max: number; readonly within: number }
  /** Milliseconds. */
  readonly startTimeout: number
  readonly resourceLimits: Readonly<Record<string, number>> | undefined
  readonly env: Readonly<Record<string, string>>
  readonly workerData: unknown
  readonly execArgv: readonly string[] | undefined
}

/** A lane's configuration, with what its threads and those that submit to it share. */
export interface LaneSetup extends LaneConfig {
  /** Its place among the lanes. */
  readonly index: number
  /** How many lanes there are. */
  readonly lanes: number
  /** Where the places of its queue are counted: the memory of a `QueuePlaces`. */
  readonly queue: SharedArrayBuffer
  /** How many places each of its threads may have yet to give back. */
  readonly mostOwed: number
  /** Whether its keys are shared: the memory of a `KeyShare`. */
  readonly keys: SharedArrayBuffer
}

/** As many as a thread answers at a time. */
const MOST_OWED = 64

/** What lanes are to share, made anew for each start. */
export function setUpLanes(lanes: readonly LaneConfig[]): LaneSetup[] {
  return lanes.map((config, index) => ({
    ...config,
    index,
    lanes: lanes.length,
    queue: QueuePlaces.memory(),
    // Where there is room for few, each place counts: all threads together owe no more than a sixteenth.
    mostOwed: Math.min(MOST_OWED, Math.floor(config.queueLimit / 16 / config.threads.max)),
    keys: KeyShare.memory(),
  }))
}

export interface SupervisorConfig {
  readonly lanes: readonly LaneSetup[]
  /** Epoch milliseconds at monotonic instant 0. */
  readonly epochOffset: number
}

/**
 * The threads that a lane may have beyond its configured number at a time: stalled ones that were replaced and have not
 * left. As many as `restart.max`, and no more than any lane may have.
 */
export function mostStalled({ onStall, restart }: Pick<LaneConfig, 'onStall' | 'restart'>): number {
  return onStall === 'replace' ? Math.min(restart.max, MOST_THREADS) : 0
}
