import type { MessagePort } from 'node:worker_threads'
import type { EncodedReason } from '../error-codec.js'
import type { HandleName } from '../lending.js'

/** What the supervisor tells a lane thread, over the thread's control port. Plain messages: a thread that is
 *  waiting synchronously must be able to serve them too. */

/** A sender wants to send here; the segments of its table come over the new port itself. */
export interface ConnectSender {
  readonly type: 'connect'
  readonly version: number
  readonly sender: number
  readonly port: MessagePort
  /** Where it counts its own places in the queues of all lanes; null if it made the scheduler. */
  readonly places: SharedArrayBuffer | null
}

/** The outcome of a started task has been decided against it: fire its AbortSignal. */
export interface AbortTask {
  readonly type: 'abort'
  readonly sender: number
  readonly id: number
  readonly reason: EncodedReason
}

/** Nothing shows whether the loop turns: show it, in the thread's block. */
export interface TurnAsked {
  readonly type: 'turn'
}

/** Nobody has the handle any more of a task that ran here, and whose submitter has left. */
export interface OutcomeUnwanted extends HandleName {
  readonly type: 'forget'
}

/** A sender has died: nobody is to be told any more of its tasks that ran here. */
export interface OutcomesUnwanted {
  readonly type: 'forget-all'
  readonly sender: number
}

/** A sender has gone: say `sender-over` when nothing of it runs any more. */
export interface SenderGone {
  readonly type: 'sender-gone'
  readonly sender: number
}

/** Hand over what has been written to standard output and error, and say `output-passed`. */
export interface PassOutput {
  readonly type: 'pass-output'
}

/** Run `teardown`, say so, and wait to be ended. */
export interface LeaveLane {
  readonly type: 'leave'
}

/** The answer to `lower`: it has been tried. */
export interface LoweredThread {
  readonly type: 'lowered'
}

export type SupervisorToLane =
  | ConnectSender
  | AbortTask
  | TurnAsked
  | OutcomeUnwanted
  | OutcomesUnwanted
  | SenderGone
  | PassOutput
  | LeaveLane
  | LoweredThread
