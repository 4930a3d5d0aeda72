import type { LaneTerms } from '../bridge/sender-context.js'
import type { LaneConfig } from './lane-config.js'

/** As much of a lane's configuration as a sender must know. */
export function termsOf(config: LaneConfig): LaneTerms {
  const { name, rank, concurrency, queueLimit, overload, threads, spin } = config
  return { name, rank, concurrency, queueLimit, overload, threads, spin }
}
