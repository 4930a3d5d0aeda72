import type { EncodedReason } from '../bridge/error-codec.js'
import type { Job } from '../bridge/job.js'
import type { ValueReads } from '../bridge/value-reads.js'
import type { Clock } from '../core/clock.js'
import type { Timers } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'

/** Where durations are recorded, each in milliseconds. */
export interface TaskTimings {
  /** A task has started so long after it was submitted. */
  waited(duration: number): void
  /** A task has ended so long after it started. */
  ran(duration: number): void
}

export type TaskFunction = (...args: never[]) => unknown

/** What the run loop needs of the thread it is on. */
export interface LoopEnvironment {
  readonly clock: Clock
  readonly timers: Timers
  readonly timings: TaskTimings
  /** Calls back when the event loop has had a turn. */
  nextTurn(call: () => void): void
  microtask(call: () => void): void
  /** Whether something of users is being read on the thread that is to leave it. */
  readonly reads: ValueReads
  /** Calls a task's function in the task's context. */
  invoke(job: Job, call: TaskFunction): unknown
  /** Notes what a task waits for. @returns to be called when it does not any more */
  awaits(job: Job, awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind): () => void
  /** Puts handles into the arguments of a task that is about to run. @param list what came with them */
  revive(args: readonly unknown[], list: unknown): readonly unknown[]
  /** Gives back the handles of a task that has not run. @param list what came with them */
  unread(submitter: number, list: unknown): void
  /** Fires the task's AbortSignal. */
  abort(job: Job, reason: EncodedReason): void
  expiryAhead(at: number): void
  abandoned(job: Job): void
  /** Nothing of a sender that has gone runs any more. */
  senderOver(sender: number): void
  /** A task has left the lane's queue, and somebody waits for room there. */
  roomInQueue(): void
}

export interface LoopOptions {
  readonly functions: readonly TaskFunction[]
  /** The place of the thread's lane among all. */
  readonly index: number
  readonly concurrency: number
  /** Where the places of the lane's queue are counted: the memory of a `QueuePlaces`. */
  readonly queue: SharedArrayBuffer
  /** How many places the thread may have yet to give back. */
  readonly mostOwed: number
  /** Milliseconds from an abort to giving the task up. */
  readonly grace: number
  /** Milliseconds of looking at the doorbell before sleeping. */
  readonly spin: number
  /** Milliseconds a task may hold the loop in its first synchronous stretch without being reported; may be Infinity. */
  readonly slowCallback: number
}
