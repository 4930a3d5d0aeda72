import type { Sender, SenderPast } from '../bridge/sender.js'
import type { LaneWatcher } from '../bridge/sender-context.js'
import type { Epoch } from '../core/clock.js'
import type { LaneConnection } from './lane.js'
import type { LaneConfig } from './lane-config.js'
import type { SupervisorStats } from './supervisor.js'
import type { TaskSource } from './task-sight.js'

/** The lanes of a scheduler from their start to their end, wherever they are, and the sender that belongs to them. */
export interface SchedulerConnection {
  readonly sender: Sender
  readonly epoch: Epoch
  /** What a lane's face needs to send it tasks. */
  lane(name: string): LaneConnection
  /** Where the sender's unfinished tasks are. */
  readonly tasks: TaskSource
  /** Resolves when all lanes are ready; rejects with why one is not. */
  started(): Promise<void>
  stats(): Promise<SupervisorStats>
  /** Ends all lanes. @param within milliseconds until what has not gone by itself is given up */
  close(within: number): Promise<void>
}

/** What lanes are started with. */
export interface ConnectionTerms {
  readonly lanes: readonly LaneConfig[]
  /** What an earlier sender of the same scheduler has left. */
  readonly past: SenderPast
  /** Is told what happens on lanes. */
  readonly watcher: LaneWatcher
  /** Takes errors that belong to no task. */
  report(error: unknown): void
}

/** Begins to start lanes. */
export type Connect = (terms: ConnectionTerms) => SchedulerConnection

/** Where the unfinished tasks of a sender are. */
export function tasksOf(sender: Sender, epoch: Epoch): TaskSource {
  return { clock: sender.environment.clock, epoch, lane: name => sender.lane(name).sight }
}
