import type { SyncWait } from '../bridge/blocking-wait.js'
import type { Failure } from '../bridge/failure.js'
import type { Lending } from '../bridge/lending.js'
import type { Reminders } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import type { TaskRecord } from '../core/task-info.js'

/** Whom a task was submitted to, as its handle needs it. */
export interface TaskKeeper {
  readonly sight: KeptSight
  readonly waits: KeptWaits
  /** How handles of its tasks are handed to other threads; left out if they mean nothing there. */
  readonly lending?: Lending
  /** Somebody waits for the end of a task: to be told, if it is to be heard of only then. */
  awaited?(task: Task): void
  /** The state of a task now, whoever decided it. */
  stateOf(task: Task): number
  /**
   * Decides a task's outcome from outside, at once.
   *
   * @param failure what the task rejects with
   * @param reason what a running task's AbortSignal is to carry; the failure's error if it is undefined
   * @returns whether this call was the one that decided
   */
  cancel(task: Task, failure: Failure, reason: unknown): boolean
  /** @returns false if the task has started or ended, or cannot be reordered any more */
  setPriority(task: Task, priority: number): boolean
  readonly reminders: Pick<Reminders<() => void>, 'after'>
}

/** How a thread may wait for a task without its event loop. */
export interface KeptWaits {
  /**
   * Blocks the thread until it is over, or for so long.
   *
   * @throws DeadlockError (`ERR_DEADLOCK`) if the task needs this very thread
   */
  block(task: Task, wait: SyncWait): void
}

/** What is to be seen of a task now. */
export interface KeptSight {
  /** To be read at once: it may be the task itself. */
  recordOf(task: Task): TaskRecord
  /** Sees to it that the task's observer is told when it starts, if it has not; to be followed by another look. */
  reportStart(task: Task): void
}
