import type { Task, TaskObserver } from '../core/task.js'
import { isFinal } from '../core/task-state.js'
import type { KeptSight, TaskKeeper } from './task-keeper.js'
import type { WaitTerms } from './wait-options.js'

/** The waits for one task. One whose time is over leaves nothing behind, so that a task can be polled for days. */
export class TaskWaits {
  readonly #task: Task
  readonly #keeper: TaskKeeper
  readonly #whenFinished: () => Promise<void>
  #finish: Occasion | null = null
  #start: Occasion | null = null

  constructor(task: Task, keeper: TaskKeeper, whenFinished: () => Promise<void>) {
    this.#task = task
    this.#keeper = keeper
    this.#whenFinished = whenFinished
  }

  /** As `TaskHandle.wait`. */
  async wait({ timeout, group }: WaitTerms): Promise<boolean> {
    const isForStart = group === 'RUNNING'
    const occasion = isForStart ? this.#started : this.#finished
    if (timeout === undefined) return occasion.comes()
    let stop: () => void = () => {}
    const isSo = (): boolean =>
      isForStart ? hasStarted(this.#task, this.#keeper.sight) : hasEnded(this.#task, this.#keeper)
    const within = occasion.comes(over => {
      stop = this.#keeper.reminders.after(timeout, () => over(isSo()))
    })
    return within.finally(stop)
  }

  get #started(): Occasion {
    this.#start ??= new Occasion(whenStarted(this.#task, this.#keeper.sight))
    return this.#start
  }

  get #finished(): Occasion {
    this.#finish ??= new Occasion(this.#whenFinished().then(() => true))
    return this.#finish
  }
}

/** What many may wait for, each for a time of its own. */
class Occasion {
  readonly #waiting = new Set<(answer: boolean) => void>()
  #answer: boolean | null = null

  constructor(coming: Promise<boolean>) {
    void coming.then(answer => {
      this.#answer = answer
      for (const resolve of this.#waiting) resolve(answer)
      this.#waiting.clear()
    })
  }

  /** @param limit is given what to call once the wait is over, with what it is to answer then */
  comes(limit?: (over: (answer: boolean) => void) => void): Promise<boolean> {
    if (this.#answer !== null) return Promise.resolve(this.#answer)
    return new Promise(resolve => {
      this.#waiting.add(resolve)
      limit?.(answer => {
        this.#waiting.delete(resolve)
        resolve(answer)
      })
    })
  }
}

/** Whether a task has ended, as of now and also if its outcome has not come yet. */
export function hasEnded(task: Task, keeper: TaskKeeper): boolean {
  return task.dead || isFinal(keeper.stateOf(task))
}

/** Whether a task has started, as of now and also while its lane's loop is blocked. */
export function hasStarted(task: Task, sight: KeptSight): boolean {
  return task.attempt > 1 || sight.recordOf(task).started !== undefined
}

/** Resolves with true when the task has started, with false when it has ended without. */
export function whenStarted(task: Task, sight: KeptSight): Promise<boolean> {
  if (task.dead || hasStarted(task, sight)) return Promise.resolve(hasStarted(task, sight))
  return new Promise(resolve => {
    const extras = task.rareOptions()
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

  accepted(task: Task): void {
    this.#next?.accepted(task)
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
