import type { CallTarget, Task } from './task.js'
import type { TaskFailure } from './task-failure.js'
import type { TaskHistory } from './task-history.js'
import { DONE, NEW, TASK_STATES } from './task-state.js'

/** The share of each new duration in the mean of its function's. */
const MEAN_WEIGHT = 1 / 8

/** Who is told of the end of a task before anybody outside is. */
export interface EndingOwner {
  /** @param id the slot it had, or 0 */
  ended(task: Task, id: number): void
}

/** How tasks of one lane end, wherever they ran: in one way, at one place, counted and remembered. */
export class Endings {
  /** How many tasks have ended in each final state, by its number. */
  readonly counts = new Float64Array(TASK_STATES.length)
  readonly #history: TaskHistory
  readonly #owner: EndingOwner

  constructor(history: TaskHistory, owner: EndingOwner) {
    this.#history = history
    this.#owner = owner
  }

  /**
   * Ends a task, and tells its own observer, then those who wait for it. One that waits must have left its place before.
   *
   * @param state the final state
   * @param outcome the value, or a TaskFailure
   * @param at the instant it ended
   * @param started the instant it started, if it did
   */
  end(task: Task, state: number, outcome: unknown, at: number, started = task.started): void {
    const wasHeld = task.state === NEW
    const { resolve, extras, id } = task
    if (state === DONE && started !== undefined) noteDuration(task.target, at - started)
    task.settle(state, outcome, at, started)
    this.counts[state]!++
    this.#history.add(task, at, started)
    this.#owner.ended(task, id)
    task.resolve = null
    if (extras !== null) {
      if (wasHeld) extras.acceptance?.reject((outcome as TaskFailure).error())
      extras.observer?.finished(task)
      // A handle may be kept for long, and what it was submitted with is not for it to keep.
      extras.observer = null
      extras.transfer = null
    }
    resolve?.(outcome, task)
  }
}

function noteDuration(target: CallTarget, ran: number): void {
  target.mean = target.mean === 0 ? ran : target.mean + (ran - target.mean) * MEAN_WEIGHT
}
