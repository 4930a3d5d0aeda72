import type { OverloadPolicy } from '../core/admission.js'
import type { Clock } from '../core/clock.js'
import type { Reminders, Timers } from '../core/reminders.js'
import type { SpinTrials } from '../core/spin-trials.js'
import type { Task } from '../core/task.js'
import type { TaskHistory } from '../core/task-history.js'
import type { SyncWait } from './blocking-wait.js'
import type { Deliveries } from './deliveries.js'
import type { Exports } from './exports.js'
import type { Imports } from './imports.js'
import type { OpenDependencies } from './open-dependencies.js'
import type { OpenWaits } from './open-waits.js'
import type { Port } from './port.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { RestartReported, StallReported } from './protocol/supervisor-to-sender.js'
import type { SenderBell } from './sender-bell.js'
import type { SentTasks } from './sent-tasks.js'
import type { ValueReads } from './value-reads.js'

/** What happens on lanes and is told to those who keep an eye on them. */
export interface LaneWatcher {
  /** A task sent from here held its loop. @param held milliseconds */
  slow(task: Task, held: number): void
  stall(stall: StallReported): void
  restart(restart: RestartReported): void
}

/** What a sender needs of the thread it is on. */
export interface SenderEnvironment {
  /** The number by which the supervisor knows the sender. */
  readonly number: number
  /** Whether it is connected only with the lanes it asks for, as a thread of one of them is. */
  readonly isOfLane: boolean
  readonly clock: Clock
  readonly timers: Timers
  /** Calls back at the end of the present turn. */
  defer(call: () => void): void
  /**
   * Runs what is no affair of the code on the stack: ports, timers and callbacks that come of it are not of that code's
   * asynchronous context, which they would hold for as long as they last. Left out where there are no such contexts.
   */
  readonly apart?: (call: () => void) => void
  /** Whether something of users is being read on the thread that is to leave it, if others than the sender do so. */
  readonly reads?: ValueReads
  /** Makes a port of what came in a message. */
  openPort(port: unknown): Port
  /** Whether the sender has unfinished tasks, for which the thread is to stay alive. */
  busy(held: boolean): void
  /** An error that belongs to no task: a throwing callback, a fault on a lane. */
  report(error: unknown): void
  /** Left out where nobody could be told. */
  readonly watcher?: LaneWatcher
  /** Makes the sender's doorbell. Left out where answers come by the thread's own loop, which must not be blocked then. */
  readonly bell?: () => SenderBell
  /** The thread is about to be blocked, and what it owes others has to leave before; or it is blocked no more. */
  readonly blocking?: (isBlocked: boolean) => void
  /** It is blocked: what others want of it that cannot wait until its loop turns. */
  readonly whileBlocked?: () => void
  /** Why whoever waits is not to go on waiting: its outcome has been decided. */
  readonly interruption?: () => Error | undefined
  /** What the tasks of this thread wait for, if any run here. */
  readonly waits?: OpenWaits
  /** The lane thread that the sender is on, if it is on one. */
  readonly home?: LaneHome
}

/** A lane thread on which a sender is. */
export interface LaneHome {
  readonly lane: string
  /** Its number. */
  readonly thread: number
  /** Where it counts its own places in the queues of all lanes: the own memory of a `QueuePlaces`. */
  readonly places: SharedArrayBuffer
}

/** What the lanes of one sender have in common. */
export interface SenderContext {
  readonly environment: SenderEnvironment
  readonly sent: SentTasks
  /** For tasks that are not sent: their delay, their limits. And for waits. */
  readonly reminders: Reminders<() => void>
  /** The next number in the order in which the sender's tasks come. */
  nextSequence(): number
  /** What tasks that were submitted here wait for, by their numbers. */
  readonly awaited: ReadonlyMap<number, readonly string[]>
  /** The tasks whose handles other threads have. */
  readonly exports: Exports
  /** Those of other threads whose handles this one has. */
  readonly imports: Imports
  /** What tasks are to start after. */
  readonly dependencies: OpenDependencies
  /** Where finished tasks are remembered. */
  readonly history: TaskHistory
  /** Counts a task as unfinished. */
  began(): void
  /** Counts a task as finished. */
  ended(): void
  /** Counts a message that made no sense. */
  stray(): void
  tell(message: SenderToSupervisor): void
  /** Sees to it that the supervisor looks at the table when a sent task's limit runs out. */
  announceExpiry(at: number): void
  /** Holds back what users are to be told of while they wait synchronously. */
  readonly deliveries: Deliveries
  readonly reads: ValueReads
  /** The buffer of its doorbell, once it has waited synchronously. */
  readonly bell: SharedArrayBuffer | null
  /** As `BlockingWait.until`. @throws DeadlockError where the thread must not be blocked */
  block(task: Task, spin: SpinTrials, wait: SyncWait): void
}

/** What a sender must know of a lane. */
export interface LaneTerms {
  readonly name: string
  /** Its place among the lanes. */
  readonly index: number
  /** How urgent it is: the place of its priority among `LANE_PRIORITIES`. */
  readonly rank: number
  /** Tasks at a time on one thread's loop. */
  readonly concurrency: number
  /** The most tasks that may wait. */
  readonly queueLimit: number
  readonly overload: OverloadPolicy
  /** Where the places of its queue are counted: the memory of a `QueuePlaces`. */
  readonly queue: SharedArrayBuffer
  /** Whether its keys are shared: the memory of a `KeyShare`. */
  readonly keys: SharedArrayBuffer
  /** How many threads it has. */
  readonly threads: { readonly min: number; readonly max: number }
  /** Milliseconds of looking for an answer before sleeping, in a synchronous wait. */
  readonly spin: number
}
