import type { HandleName, SentOutcome } from '../lending.js'

/** What a lane thread tells a sender, over the port between the two. */

/**
 * Answers that left in one flush: `elapsed, id, value, id, value, …`, where `elapsed` is the milliseconds these
 * tasks took together. Whether a value is a result, an encoded error or nothing (a bare acknowledgement, after
 * which the slot is free) stands in the shared table. Every id ever sent is answered exactly once.
 */
export type AnswerBatch = unknown[]

/** Tasks whose sender asked to be told when they start. */
export interface TasksStarted {
  readonly type: 'started'
  readonly ids: readonly number[]
}

/** A task held the thread's loop, in its first synchronous stretch, for longer than the lane's `slowCallback`. */
export interface TaskSlow {
  readonly type: 'slow'
  readonly id: number
  /** Milliseconds. */
  readonly held: number
}

/** The thread could take more; sent only while its block says that someone holds tasks back. */
export interface RoomMade {
  readonly type: 'room'
}

/** A task that is waited for has started or ended here; null if nothing is known of it. */
export interface OutcomeAnswered extends HandleName {
  readonly type: 'outcome'
  readonly outcome: SentOutcome | null
}

/** All has left that had been answered when `answers-unread` came, which this answers. */
export interface AnswersSent {
  readonly type: 'answers-sent'
}

/** Tasks have come that could not be read. */
export interface TasksUnread {
  readonly type: 'tasks-unread'
}

/** Of the tasks that `tasks-sent` has named, those that are not here: they were in what could not be read. */
export interface TasksMissing {
  readonly type: 'tasks-missing'
  readonly ids: readonly number[]
}

export type LaneToSender =
  | AnswerBatch
  | TasksStarted
  | TaskSlow
  | RoomMade
  | OutcomeAnswered
  | AnswersSent
  | TasksUnread
  | TasksMissing
