import type { AwaitedTask, EndListener } from './dependencies.js'
import { SmallSet } from './small-set.js'
import type { Task } from './task.js'
import type { TaskFailure } from './task-failure.js'
import { DONE } from './task-state.js'

/**
 * The end of a task that was submitted on this thread, for all who want to know of it: promises of its outcome, and tasks
 * that start after it. Whoever has lost interest leaves nothing behind.
 */
export class TaskEnd implements AwaitedTask {
  readonly #task: Task
  #listeners: SmallSet<EndListener> | null = null

  constructor(task: Task) {
    this.#task = task
  }

  get id(): number {
    return this.#task.sequence
  }

  get name(): string {
    return this.#task.target.name
  }

  get lane(): string {
    return this.#task.target.lane
  }

  whenEnded(listener: EndListener): void {
    if (this.#task.dead) {
      listener.ended(this, failureOf(this.#task))
      return
    }
    this.#listeners ??= this.#listen()
    this.#listeners.add(listener)
  }

  forget(listener: EndListener): void {
    this.#listeners?.delete(listener)
  }

  #listen(): SmallSet<EndListener> {
    const listeners = new SmallSet<EndListener>()
    const task = this.#task
    const earlier = task.resolve
    task.resolve = (outcome, settled) => {
      earlier?.(outcome, settled)
      for (const listener of listeners) listener.ended(this, failureOf(settled))
      this.#listeners = null
    }
    return listeners
  }
}

function failureOf({ state, payload }: Task): TaskFailure | null {
  return state === DONE ? null : (payload as TaskFailure)
}
