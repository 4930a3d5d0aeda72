import type { Backlog } from '../core/backlog.js'
import type { Task } from '../core/task.js'
import { SCHEDULED } from '../core/task-state.js'
import type { Dispatch } from './dispatch.js'
import type { Recall } from './recall.js'
import type { SenderContext } from './sender-context.js'

/** Moves tasks that have not started within their lane's queue; what is sent is taken back for it. */
export class Reordering {
  readonly #context: SenderContext
  readonly #backlog: Backlog
  readonly #recall: Recall
  readonly #dispatch: Dispatch

  constructor(context: SenderContext, backlog: Backlog, recall: Recall, dispatch: Dispatch) {
    this.#context = context
    this.#backlog = backlog
    this.#recall = recall
    this.#dispatch = dispatch
  }

  /** @returns false if the task has started or ended, its arguments were handed over, or its lane has failed */
  setPriority(task: Task, priority: number): boolean {
    if (task.dead) return false
    const extras = task.rareOptions()
    if (task.id !== 0) {
      if (extras.priority === priority && extras.transfer === null)
        return this.#context.sent.table.state(task.id) === SCHEDULED
      if (!this.#recall.takeBack(task)) return false
    }
    this.#backlog.reprioritize(task, priority)
    this.#context.dependencies.moved(task)
    this.#dispatch.queueFlush()
    return true
  }

  /**
   * Moves a task to where those are that wait for it, or back. One that has started stays where it is, as does one whose
   * arguments were handed over; but it is told only once, and may have to wait again.
   */
  inherit(task: Task, priority: number): void {
    if (task.dead) return
    const takeBack = (): boolean => task.id === 0 || this.#recall.takeBack(task)
    if (this.#backlog.inherit(task, priority, takeBack)) this.#dispatch.queueFlush()
  }
}
