import type { FailedDependency } from './dependencies.js'
import type { KeySource, TurnObserver } from './key-turns.js'
import type { Task } from './task.js'

/** What a backlog tells its owner, and asks of it. */
export interface BacklogObserver {
  /** A task may be sent that could not be before. */
  becameReady(): void
  /** A task that was accepted is no more in the queue: it has left the backlog, and is not to be sent. */
  leftQueue(): void
  /** A task's time ran out while it waited; it has left the backlog. */
  ranOut(task: Task): void
  /** One of those that a task waited for is not done, and will not be; it has left the backlog. */
  dependencyFailed(task: Task, dependency: FailedDependency): void
  /** Left out where nobody waits for tasks but their submitter. */
  readonly turns?: TurnObserver
  /** Left out where no other thread can have tasks of the same keys. */
  readonly keys?: KeySource
  /** The next number in the order of arrival. */
  nextArrival(): number
}
