import type { HandleName } from '../lending.js'

/** What a sender tells a lane thread, over the port between the two. */

/**
 * Tasks that left in one flush: `id, argument, …, id, argument, …`. How many arguments belong to an id, and which
 * function it calls, stands in the shared table. A flat array, since it crosses three times as fast as objects do.
 */
export type TaskBatch = unknown[]

/** The sender's table has grown. Comes before any task that uses the new slots. */
export interface SegmentAdded {
  readonly type: 'segment'
  readonly index: number
  readonly buffer: SharedArrayBuffer
}

/**
 * A task waits for one that may run here, and that another thread has submitted: `wait` to be told when it has ended,
 * `forget` if it waits no more or nobody ever will, `fetch` for what became of it, with an answer in any case.
 */
export interface OutcomeAsked extends HandleName {
  readonly type: 'wait' | 'forget' | 'fetch'
}

/** The sender may sleep from now on: its bell is to be rung after each message, and at once. */
export interface BellHung {
  readonly type: 'bell'
  readonly buffer: SharedArrayBuffer
  /** The number by which the sender knows this connection. */
  readonly connection: number
}

/** Answers have come that could not be read: the thread is to say when all has left that it has answered. */
export interface AnswersUnread {
  readonly type: 'answers-unread'
}

/** What had been sent when `tasks-unread` came, and had not started: the thread is to say which it does not have. */
export interface TasksSent {
  readonly type: 'tasks-sent'
  readonly ids: readonly number[]
}

export type SenderToLane = TaskBatch | SegmentAdded | OutcomeAsked | BellHung | AnswersUnread | TasksSent
