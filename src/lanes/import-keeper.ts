import type { Failure } from '../bridge/failure.js'
import type { Imports } from '../bridge/imports.js'
import type { Task } from '../core/task.js'
import type { KeptSight, TaskKeeper } from './task-keeper.js'

/**
 * Whom a handle asks that has come from another thread. What it shows is read from memory; to cancel or to move the task
 * is its submitter's affair, who is asked to.
 */
export class ImportKeeper implements TaskKeeper {
  readonly lending: Imports
  /** It serves its own ports meanwhile, on which the outcome comes. */
  readonly waits: Imports
  readonly sight: KeptSight

  constructor(imports: Imports) {
    this.lending = imports
    this.waits = imports
    this.sight = {
      recordOf: task => imports.recordOf(task),
      reportStart: task => imports.watchStart(task),
    }
  }

  awaited(task: Task): void {
    this.lending.watch(task)
  }

  stateOf(task: Task): number {
    return this.lending.recordOf(task).state
  }

  cancel(task: Task, failure: Failure, reason: unknown): boolean {
    if (!task.dead) this.lending.askToCancel(task, reason === undefined ? failure.error() : reason)
    return false
  }

  setPriority(task: Task, priority: number): boolean {
    if (!task.dead) this.lending.askToMove(task, priority)
    return false
  }

  get reminders(): TaskKeeper['reminders'] {
    return this.lending.reminders
  }
}
