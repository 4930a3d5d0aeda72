import type { EncodedReason } from '../error-codec.js'

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

export type SenderToSupervisor =
  | SegmentAdded
  | TaskCanceled
  | ExpiryAhead
  | LinkLost
  | StallHeard
  | GrowthWanted
  | ThreadReleased
  | BellHung
  | LaneWanted
