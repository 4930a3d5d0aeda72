import type { WaitKind } from '../../core/wait-book.js'
import type { EncodedReason } from '../error-codec.js'
import type { HandleName, SentOutcome } from '../lending.js'

/** What a sender tells the supervisor, over the notice port. */

/** The sender's table has grown. */
export interface SegmentAdded {
  readonly type: 'segment'
  readonly index: number
  readonly buffer: SharedArrayBuffer
}

/** The sender has decided a started task's outcome: abort it, and see that it ends. */
export interface TaskCanceled {
  readonly type: 'canceled'
  readonly id: number
  /** What the task's AbortSignal is to carry. */
  readonly reason: EncodedReason
}

/** A task was sent whose limit comes before all that the supervisor knew of. */
export interface ExpiryAhead {
  readonly type: 'expiry'
  readonly at: number
}

/** The port to a thread closed and nobody said why. */
export interface LinkLost {
  readonly type: 'link-lost'
  readonly lane: string
  readonly thread: number
}

/** A stall was heard of: the thread that is to know of it is not blocked itself. */
export interface StallHeard {
  readonly type: 'stall-heard'
  readonly report: number
}

/** Tasks of the sender wait that one more thread could start. */
export interface GrowthWanted {
  readonly type: 'grow'
  readonly lane: string
}

/** The sender has had all its answers from a thread that is to go, and has closed its port to it. */
export interface ThreadReleased {
  readonly type: 'released'
  readonly lane: string
  readonly thread: number
}

/** The sender has heard that a thread stays, which it had not released. */
export interface ThreadStayed {
  readonly type: 'stayed'
  readonly lane: string
  readonly thread: number
}

/**
 * The sender may sleep from now on: its bell is to be rung after each message, and at once. Told again now and then
 * while it sleeps: by the answer it knows that the supervisor is there.
 */
export interface BellHung {
  readonly type: 'bell'
  readonly buffer: SharedArrayBuffer
}

/** The sender has a first task for a lane: connect it with the lane's threads, those that join later included. */
export interface LaneWanted {
  readonly type: 'reach'
  readonly lane: string
}

/** A task here waits for one whose handle it was given. */
export interface OutcomeWatched extends HandleName {
  readonly type: 'watch'
  /** Whether it waits for the start. */
  readonly start?: true
}

/** It does not any more. */
export interface OutcomeUnwatched extends HandleName {
  readonly type: 'unwatch'
}

/** The thread that ran the task did not have its value any more: its submitter may have it. */
export interface OutcomeWanted extends HandleName {
  readonly type: 'fetch'
}

/** A handle that was given to this thread is given to another, so many times more, or is taken back from it. */
export interface HandleLent extends HandleName {
  readonly type: 'lent'
  /** The number of the thread that gets it. */
  readonly to: number
  readonly change: number
}

/** Handles that were given to this thread are not used any more: `owner, sequence, times, …`. */
export interface HandlesReturned {
  readonly type: 'returned'
  readonly handles: readonly number[]
}

/**
 * Nobody has the handle any more of a task of this sender that ran on a thread which this one has let go of. It may have
 * been needed after all.
 */
export interface KeptUnwanted {
  readonly type: 'unwanted'
  readonly thread: number
  readonly sequence: number
}

/** Whoever has a task's handle asks its submitter to cancel it, or to change its priority. */
export interface ChangeAsked extends HandleName {
  readonly type: 'ask'
  readonly cancel?: EncodedReason
  readonly priority?: number
}

/** A task of this sender is done, for one that waits: the value is to be had from the thread that made it. */
export interface TaskDone {
  readonly type: 'done'
  readonly sequence: number
  /** The sender that waits. */
  readonly watcher: number
  readonly thread: number
}

/** What became of a task of this sender, for one that waits. */
export interface OutcomeTold {
  readonly type: 'outcome'
  readonly sequence: number
  readonly watcher: number
  readonly outcome: SentOutcome
}

/** Nothing is known here of a task that some other thread waits for. */
export interface OutcomeGone {
  readonly type: 'gone'
  readonly sequence: number
  readonly watcher: number
}

/** The sender leaves, and other threads have handles of its tasks: what comes for it from now on is to be kept. */
export interface SubmitterLeaves {
  readonly type: 'submitter-leaves'
}

/** What became of a task of a sender that leaves, for whoever asks when it has gone. */
export interface Bequest {
  readonly sequence: number
  /** The thread that has kept what became of it, which may be about to go, or 0. It is not the sender's own. */
  readonly thread: number
  /** Null for a value that a thread has kept which stays. */
  readonly outcome: SentOutcome | null
  /** How often each thread was handed its handle and has not given it back; below 0 if that is yet to be told. */
  readonly holders: readonly (readonly [thread: number, count: number])[]
}

/** The answer to `all-forwarded`: all tasks of the sender whose handles others have. */
export interface TasksBequeathed {
  readonly type: 'bequeathed'
  readonly tasks: readonly Bequest[]
}

/** A task that waits, or is waited for. */
export interface WaitingTask extends HandleName {
  readonly name: string
  readonly lane: string
  /** It is not the task, but its blocking its thread: it and all others that have started there wait for that. */
  readonly blocks?: true
}

/** A key, whose turn tasks wait for, and which waits for the task that has it: the same for all that submit to a lane. */
export interface WaitingKey {
  readonly key: string
  readonly lane: string
}

/** What waits, or is waited for. */
export type WaitingNode = WaitingTask | WaitingKey

/** A task here waits for others, and has for a while; or one that was submitted here is to start after others. */
export interface WaitTold {
  /** The number of the wait on this thread. */
  readonly id: number
  readonly kind: WaitKind
  readonly waiter: WaitingNode & { readonly priority: number }
  readonly awaited: readonly WaitingNode[]
}

export interface WaitsBegun {
  readonly type: 'waits'
  readonly waits: readonly WaitTold[]
}

/** A task has left a lane's queue, and somebody waits for room there. */
export interface QueueRoom {
  readonly type: 'queue-room'
  readonly lane: string
}

/** Keys that the sender gives back, and then those that it asks for; none of these twice. */
export interface KeysChanged {
  readonly type: 'keys'
  readonly lane: string
  readonly released: readonly string[]
  readonly asked: readonly string[]
}

/** The answer to `keys-shared`: those that were taken without asking and have not been given back. */
export interface KeysHeld {
  readonly type: 'keys-held'
  readonly lane: string
  readonly keys: readonly string[]
}

/** Waits that were told of are over. */
export interface WaitsEnded {
  readonly type: 'waited'
  readonly ids: readonly number[]
}

/** The answer to `waits-wanted`: all that was known here of waits when that came has been told. */
export interface WaitsComplete {
  readonly type: 'waits-told'
  readonly look: number
}

/** A task that was submitted here, and of which it was told that it is to start after others, has another priority. */
export interface DependantMoved {
  readonly type: 'reprioritized'
  readonly sequence: number
  readonly priority: number
}

export type SenderToSupervisor =
  | SegmentAdded
  | TaskCanceled
  | ExpiryAhead
  | LinkLost
  | StallHeard
  | GrowthWanted
  | ThreadReleased
  | ThreadStayed
  | BellHung
  | LaneWanted
  | QueueRoom
  | KeysChanged
  | KeysHeld
  | OutcomeWatched
  | OutcomeUnwatched
  | OutcomeWanted
  | HandleLent
  | HandlesReturned
  | KeptUnwanted
  | ChangeAsked
  | TaskDone
  | OutcomeTold
  | OutcomeGone
  | SubmitterLeaves
  | TasksBequeathed
  | WaitsBegun
  | WaitsEnded
  | WaitsComplete
  | DependantMoved
