import type { LaneTerms } from '../bridge/sender-context.js'
import type { LaneSetup } from './lane-config.js'

/** As much of a lane's configuration as a sender must know. */
export function termsOf(lane: LaneSetup): LaneTerms {
  const { name, index, rank, concurrency, queueLimit, overload, queue, keys, threads, spin } = lane
  return { name, index, rank, concurrency, queueLimit, overload, queue, keys, threads, spin }
}
