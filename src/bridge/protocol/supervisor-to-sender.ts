import type { MessagePort } from 'node:worker_threads'
import type { StallAction } from '../../core/stall-action.js'
import type { EncodedError, EncodedReason } from '../error-codec.js'
import type { HandleName, SentOutcome } from '../lending.js'

/** What the supervisor tells a sender, over the notice port. Plain messages, so that a synchronous wait can serve
 *  them too. */

/** A lane has a thread more. */
export interface ThreadJoined {
  readonly type: 'thread-joined'
  readonly lane: string
  readonly thread: number
  readonly port: MessagePort
  readonly block: SharedArrayBuffer
  readonly names: readonly string[]
}

/**
 * A thread is no longer needed, or stalled and being replaced: take back what has not started on it, send it nothing
 * more, and release it when it has answered everything.
 */
export interface ThreadLeaving {
  readonly type: 'thread-leaving'
  readonly lane: string
  readonly thread: number
}

/**
 * The thread is needed after all: it may be sent tasks again. Told to those that had not released it when that was decided.
 * Each answers once: by `stayed`, or by the `released` that it has said before it heard of it.
 */
export interface ThreadStaying {
  readonly type: 'thread-staying'
  readonly lane: string
  readonly thread: number
}

/** A thread is lost, with why: what was started on it fails, what was not moves. */
export interface ThreadLost {
  readonly type: 'thread-lost'
  readonly lane: string
  readonly thread: number
  readonly error: EncodedError
  /** The id of the sender's task on account of which the thread was ended: it is not run again, as others may be. */
  readonly blamed?: number
}

/** A thread has exited for certain: nothing on it can touch the shared table any more. */
export interface ThreadExited {
  readonly type: 'thread-exited'
  readonly lane: string
  readonly thread: number
}

/** Limits of these sent tasks ran out, and the supervisor decided their outcome. */
export interface TasksExpired {
  readonly type: 'expired'
  readonly ids: readonly number[]
}

/** The lane takes no more tasks. */
export interface LaneFailed {
  readonly type: 'lane-failed'
  readonly lane: string
  readonly error: EncodedError
}

/** An error that no task could be blamed for. */
export interface FaultReported {
  readonly type: 'fault'
  readonly lane: string
  readonly error: EncodedError
}

/**
 * A task holds a thread's loop for longer than the lane's `stallAfter`. Told once, while it does, and once more if
 * something is done about it only later.
 */
export interface StallReported {
  readonly type: 'stall'
  /** To be answered by a sender that can tell its users. */
  readonly report: number
  readonly lane: string
  readonly thread: number
  /** The task's number within its sender, and its name; undefined if no task in progress can be it. */
  readonly task: { readonly id: number; readonly name: string } | undefined
  /** All that may hold the loop, in the same way. */
  readonly candidates: readonly { readonly id: number; readonly name: string }[]
  /** Milliseconds so far. */
  readonly silent: number
  readonly action: StallAction
  /** Lines of the stack of the loop, if it could be seen. */
  readonly stack: string | undefined
}

/** A thread was lost and is being replaced. */
export interface RestartReported {
  readonly type: 'restart'
  readonly lane: string
  readonly thread: number
  readonly error: EncodedError
  /** Milliseconds until the replacement is begun. */
  readonly after: number
  /** How many threads of the lane have been replaced, this one included. */
  readonly restarts: number
}

/** There is room in a lane's queue again: who waits for some is to look. */
export interface QueueRoomSeen {
  readonly type: 'queue-room'
  readonly lane: string
}

/** Other threads than the one that made the scheduler have tasks with keys on a lane: say which keys are taken. */
export interface KeysShared {
  readonly type: 'keys-shared'
  readonly lane: string
}

/** Keys that the sender has from now on, and then those that it is to give back when the turn of its task ends. */
export interface KeysTold {
  readonly type: 'keys'
  readonly lane: string
  readonly granted: readonly string[]
  readonly wanted: readonly string[]
}

export type KeyNews = KeysShared | KeysTold

/** All lanes are about to be closed: take no more tasks, and cancel those there are. */
export interface LanesClosing {
  readonly type: 'closing'
}

/** Another thread waits for the outcome of a task that was submitted here, or wants its value. */
export interface WatcherCame {
  readonly type: 'watched' | 'fetched'
  /** Whether it waits for the start. */
  readonly start?: true
  readonly sequence: number
  readonly watcher: number
}

/** A thread was handed the handle of a task that was submitted here so many times more, or has given it back. */
export interface HolderChanged {
  readonly type: 'held'
  readonly sequence: number
  readonly holder: number
  readonly change: number
}

/** A thread that had handles has ended. */
export interface HolderGone {
  readonly type: 'holder-gone'
  readonly holder: number
}

/** A thread that has the handle of a task that was submitted here wants it to be cancelled, or moved. */
export interface ChangeWanted {
  readonly type: 'asked'
  readonly sequence: number
  readonly cancel?: EncodedReason
  readonly priority?: number
}

/** The sender has said that it leaves. Nothing comes after this for those who have its handles. */
export interface AllForwarded {
  readonly type: 'all-forwarded'
}

/** What those who have handles want of the submitter. */
export type HandleNews = WatcherCame | HolderChanged | HolderGone | ChangeWanted

/** A task that is waited for here is done: its value is to be had from the thread that made it. */
export interface OutcomeThere extends HandleName {
  readonly type: 'done'
  readonly thread: number
}

/** What became of a task that is waited for here; null if that is not known any more. */
export interface OutcomeHere extends HandleName {
  readonly type: 'outcome'
  readonly outcome: SentOutcome | null
}

/** What waits for these tasks, that were submitted here, has another priority than before. */
export interface PrioritiesInherited {
  readonly type: 'inherit'
  /** Each with a priority within its lane; 0 if nothing waits for it. */
  readonly tasks: readonly { readonly sequence: number; readonly lane: string; readonly priority: number }[]
}

/** A wait that was told of would close a cycle. */
export interface WaitRefused {
  readonly type: 'deadlock'
  readonly wait: number
  /** The names of those that would wait for each other, the waiter first. */
  readonly cycle: readonly string[]
}

/** Threads seem to wait for each other for ever: what is known here of waits, and has not been told, is to be. */
export interface WaitsWanted {
  readonly type: 'waits-wanted'
  readonly look: number
}

/** A task that was submitted here waits for others, or for none any more: for whoever looks. */
export interface WaitingSeen {
  readonly type: 'waiting'
  readonly sequence: number
  /** What they are called. */
  readonly awaited: readonly string[]
}

export type SupervisorToSender =
  | ThreadJoined
  | ThreadLeaving
  | ThreadStaying
  | ThreadLost
  | ThreadExited
  | TasksExpired
  | LaneFailed
  | FaultReported
  | StallReported
  | RestartReported
  | LanesClosing
  | QueueRoomSeen
  | KeysShared
  | KeysTold
  | WatcherCame
  | HolderChanged
  | HolderGone
  | ChangeWanted
  | AllForwarded
  | OutcomeThere
  | OutcomeHere
  | PrioritiesInherited
  | WaitRefused
  | WaitsWanted
  | WaitingSeen

/** What is told of the threads of a lane. */
export type CrewChange = ThreadJoined | ThreadLeaving | ThreadStaying | ThreadLost | ThreadExited
