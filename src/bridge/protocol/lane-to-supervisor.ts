import type { MessagePort } from 'node:worker_threads'
import type { EncodedError } from '../error-codec.js'

/** What a lane thread tells the supervisor, over its control port. */

/** The first message: which worker thread this is. */
export interface LaneBooted {
  readonly type: 'booted'
  readonly version: number
  readonly threadId: number
}

/** The thread is to run by the policy `SCHED_IDLE`, which it cannot set itself. It waits for `lowered`. */
export interface LowerThread {
  readonly type: 'lower'
  /** The operating system's number of the thread. */
  readonly thread: number
}

/** The task module is loaded and set up. */
export interface LaneReady {
  readonly type: 'ready'
  /** The functions that can be called, in the order of their indexes. */
  readonly names: readonly string[]
  /** The operating system's priority that was really applied. */
  readonly os: 'normal' | 'nice' | 'idle'
}

/** The task module could not be loaded or set up. */
export interface LaneLoadFailed {
  readonly type: 'load-failed'
  readonly error: EncodedError
}

/** A task started whose limit comes before all that the supervisor knew of. */
export interface ExpiryAhead {
  readonly type: 'expiry'
  readonly at: number
}

/** An error that no task could be blamed for. */
export interface LaneFault {
  readonly type: 'fault'
  readonly error: EncodedError
}

/** A started task ignored its abort for its grace and was given up. */
export interface TaskAbandoned {
  readonly type: 'abandoned'
  readonly sender: number
  readonly id: number
}

/** Told to leave, the thread has run its teardown: nothing more comes of it. */
export interface LaneLeft {
  readonly type: 'left'
}

/** A task of the thread is about to submit tasks: from now on the thread is a sender, which is heard on this port. */
export interface LaneSends {
  readonly type: 'sends'
  readonly port: MessagePort
}

/**
 * The port by which the thread submits, and hears of what others have, has closed, and the thread lives: it would wait for
 * ever. One that dies does not come to say so.
 */
export interface LaneCutOff {
  readonly type: 'cut-off'
}

/** A task has left the lane's queue, and somebody waits for room there. */
export interface QueueRoom {
  readonly type: 'queue-room'
}

/** The answer to `sender-gone`, given when no task of that sender runs any more that was not given up. */
export interface SenderOver {
  readonly type: 'sender-over'
  readonly sender: number
}

/** The answer to `pass-output`: it has been handed over, by Node's own port. */
export interface OutputPassed {
  readonly type: 'output-passed'
}

/** The thread exits by itself, such as by `process.exit()`. Its ports close after this, and its exit is seen later still. */
export interface LaneExiting {
  readonly type: 'exiting'
  readonly code: number
}

export type LaneToSupervisor =
  | LaneBooted
  | LowerThread
  | LaneReady
  | LaneLoadFailed
  | ExpiryAhead
  | LaneFault
  | TaskAbandoned
  | LaneLeft
  | LaneSends
  | LaneCutOff
  | QueueRoom
  | SenderOver
  | OutputPassed
  | LaneExiting
