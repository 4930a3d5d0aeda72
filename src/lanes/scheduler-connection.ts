import type { Sender, SenderPast } from '../bridge/sender.js'
import type { LaneWatcher } from '../bridge/sender-context.js'
import type { Epoch } from '../core/clock.js'
import type { Task } from '../core/task.js'
import type { LaneConnection } from './lane.js'
import type { LaneConfig } from './lane-config.js'
import type { SupervisorStats } from './supervisor-stats.js'
import type { Lanes } from './task-context.js'
import type { TaskSource } from './task-sight.js'

/** The tasks of one lane, as the scheduler they were submitted to needs them. */
export interface KeptLane {
  /** Tasks accepted and not started. */
  readonly waiting: number
  /** Tasks started and not finished. */
  readonly running: number
  /** How many tasks have ended in a final state, given by its number. */
  ended(state: number): number
  /** Those that have left its queue and have not ended; in no order. */
  begun(): Iterable<Task>
  /** Takes no more tasks; what it has goes on. @param error what later submits are refused with */
  refuse(error: Error): void
  /** Nothing will run any more: what waits fails. */
  fail(error: Error): void
  /** Its tasks are about to be ended, each by itself: none is to end of another's end. */
  untie(): void
  /** Cancels all there is. @param errorOf makes the error of a task of this name */
  cancelAll(errorOf: (name: string) => Error): void
}

/** The tasks of all lanes of a scheduler. */
export interface KeptLanes extends Iterable<KeptLane> {
  /** Tasks submitted and not finished. */
  readonly unfinished: number
  /** Messages dropped because they made no sense. */
  readonly strays: number
  /** The number of the last task. */
  readonly lastNumber: number
  lane(name: string): KeptLane
  /** Does something to its end before users are told of what came of it. */
  undisturbed(call: () => void): void
  /** As `UnfinishedTasks.idle`. */
  idle(within?: number, late?: () => void): Promise<void>
}

/** The lanes of a scheduler from their start to their end, wherever they are. */
export interface SchedulerConnection {
  readonly sender: KeptLanes
  /** Where the unfinished tasks are. */
  readonly tasks: TaskSource
  /** Resolves when all lanes are ready; rejects with why one is not. */
  started(): Promise<void>
  stats(): Promise<SupervisorStats>
  /**
   * Ends all lanes. May be called once more meanwhile: the shorter time holds for both.
   *
   * @param within milliseconds until what has not gone by itself is given up
   */
  close(within: number): Promise<void>
}

/** Lanes that are reached over ports, and the sender that belongs to them. */
export interface SenderConnection extends SchedulerConnection {
  readonly sender: Sender
  readonly epoch: Epoch
  /** What a lane's face needs to send it tasks. */
  lane(name: string): LaneConnection
}

/** What every scheduler starts its lanes with. */
export interface CommonTerms {
  /** What an earlier connection of the same scheduler has left. */
  readonly past: SenderPast
  /** Takes errors that belong to no task. */
  report(error: unknown): void
}

/** What lanes behind ports are started with. */
export interface ConnectionTerms extends CommonTerms {
  readonly lanes: readonly LaneConfig[]
  /** The lanes as those see them who submit to them. */
  readonly faces: Lanes
  /** Is told what happens on lanes. */
  readonly watcher: LaneWatcher
}

/** Begins to start lanes. */
export type Connect = (terms: ConnectionTerms) => SenderConnection

/** Where the unfinished tasks of a sender are. */
export function tasksOf(sender: Sender, epoch: Epoch): TaskSource {
  return { clock: sender.environment.clock, epoch, lane: name => sender.lane(name).sight }
}
