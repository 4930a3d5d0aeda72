import type { Sender } from '../bridge/sender.js'
import type { Epoch } from '../core/clock.js'
import type { LaneConnection } from './lane.js'
import type { LaneConfig } from './lane-config.js'
import type { SupervisorStats } from './supervisor.js'

/** The lanes of a scheduler from their start to their end, wherever they are, and the sender that belongs to them. */
export interface SchedulerConnection {
  readonly sender: Sender
  readonly epoch: Epoch
  /** What a lane's face needs to send it tasks. */
  lane(name: string): LaneConnection
  /** Resolves when all lanes are ready; rejects with why one is not. */
  started(): Promise<void>
  stats(): Promise<SupervisorStats>
  /** Ends all lanes. @param within milliseconds until what has not gone by itself is given up */
  close(within: number): Promise<void>
}

/** Begins to start lanes. @param report takes errors that belong to no task */
export type Connect = (lanes: readonly LaneConfig[], report: (error: unknown) => void) => SchedulerConnection
