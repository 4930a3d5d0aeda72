import type { LaneSight } from '../bridge/lane-sight.js'
import { finiteAtLeast, knownKeys, oneOf, plainObject } from '../core/checks.js'
import { type Task, TaskExtras, type TaskObserver } from '../core/task.js'
import type { TaskStateGroup } from '../core/task-state.js'

export interface WaitOptions {
  /** Milliseconds to wait at most; without it, as long as it takes. */
  readonly timeout?: number
  /**
   * What is waited for: `FINISHED` (the default), that the task is in a final state; `RUNNING`, that it has started,
   * in its first attempt or a later one, whatever has become of it since.
   */
  readonly for?: TaskStateGroup
}

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
export function readWaitOptions(options: WaitOptions): {
  readonly timeout: number | undefined
  readonly group: TaskStateGroup
} {
  knownKeys('options', plainObject('options', options), ['timeout', 'for'])
  const { timeout, for: group = 'FINISHED' } = options
  return {
    timeout: timeout === undefined ? undefined : finiteAtLeast('timeout', timeout, 0),
    group: oneOf('for', group, ['RUNNING', 'FINISHED']),
  }
}

/** Whether a task has started, as of now and also while its lane's loop is blocked. */
export function hasStarted(task: Task, sight: LaneSight): boolean {
  return task.attempt > 1 || sight.recordOf(task).started !== undefined
}

/** Resolves with true when the task has started, with false when it has ended without. */
export function whenStarted(task: Task, sight: LaneSight): Promise<boolean> {
  if (task.dead || hasStarted(task, sight)) return Promise.resolve(hasStarted(task, sight))
  return new Promise(resolve => {
    task.extras ??= new TaskExtras()
    const { extras } = task
    extras.observer = new StartObserver(extras.observer, () => resolve(hasStarted(task, sight)))
    extras.reportStart = true
    // The lane thread looks at the flag after it has changed the state, and here it is the other way round: so either
    // the thread sees the flag, or the start is seen here.
    sight.reportStart(task)
    if (hasStarted(task, sight)) resolve(true)
  })
}

/** Stands before the task's own observer, if it has one. */
class StartObserver implements TaskObserver {
  readonly #next: TaskObserver | null
  readonly #decided: () => void

  constructor(next: TaskObserver | null, decided: () => void) {
    this.#next = next
    this.#decided = decided
  }

  started(task: Task): void {
    this.#decided()
    this.#next?.started(task)
  }

  finished(task: Task): void {
    this.#decided()
    this.#next?.finished(task)
  }
}
