import type { LaneTerms } from '../bridge/sender-context.js'
import type { LaneConfig } from './lane-config.js'

/** As much of a lane's configuration as a sender must know. */
export function termsOf({ name, concurrency, queueLimit, overload, threads, spin }: LaneConfig): LaneTerms {
  return { name, concurrency, queueLimit, overload, threads, spin }
}
