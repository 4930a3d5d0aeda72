import type { Task } from '../core/task.js'

/** What became of a task, as it crosses threads. */
export interface SentOutcome {
  /** The number of a final state, or STARTED. */
  readonly state: number
  /** The value if it is DONE, else why there is none (`EncodedFailure`). */
  readonly value: unknown
  /** The instant at which it started, or 0. */
  readonly started: number
  readonly ended: number
  /** How often it was to be run in all, if its submitter tells of it. */
  readonly attempt?: number
}

/** A task's handle on its way to another thread. */
export interface SentHandle {
  /** The number of the sender that submitted the task, and the task's number there: no other has both. */
  readonly owner: number
  readonly sequence: number
  readonly lane: string
  readonly name: string
  readonly submitted: number
  /** Which attempt is its present one. */
  readonly attempt: number
  /** The slot of the owner's table where its state is to be seen, and that part of the table. */
  readonly home: number
  readonly segment: SharedArrayBuffer
  /** If it has ended without a value. */
  readonly outcome: SentOutcome | null
}

/** What a thread says of a task whose handle it was given, or has given away. */
export interface HandleName {
  readonly owner: number
  readonly sequence: number
}

/** Whoever can hand a task's handle to another thread: its submitter, or a thread that was handed it. */
export interface Lending {
  /** The sender on this thread: handles of another scheduler mean nothing to its lanes. */
  readonly of: object
  /** @param thread the number of the thread that gets it */
  lend(task: Task, thread: number): SentHandle
  /** What was lent has not left. */
  takeBack(task: Task, thread: number): void
  /** What was lent has left with a task that its thread has not run, or that has died with it. */
  unread(task: Task, thread: number): void
}
