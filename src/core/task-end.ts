import type { AwaitedTask, EndListener } from './dependencies.js'
import { SmallSet } from './small-set.js'
import type { Task } from './task.js'
import type { TaskFailure } from './task-failure.js'
import { DONE } from './task-state.js'

/**
 * The end of a task that was submitted on this thread, for all who want to know of it: a promise, and tasks that start
 * after it. Whoever has lost interest leaves nothing behind.
 */
export class TaskEnd implements AwaitedTask {
  readonly #task: Task
  /** Who was told of the end before there was this. */
  #earlier: Task['resolve'] = null
  #isTold = false
  #listeners: SmallSet<EndListener> | null = null
  #promise: Promise<void> | null = null
  #fulfil: (() => void) | null = null

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

  /** The task, if it was submitted to this one, or its handle was given to this one's thread. */
  taskOf(owner: object): Task | undefined {
    return owner === this.#task.target.owner ? this.#task : undefined
  }

  /** Resolves when the task has ended. */
  get promise(): Promise<void> {
    this.#promise ??= this.#task.dead
      ? Promise.resolve()
      : new Promise(resolve => {
          this.#fulfil = resolve
        })
    this.#beTold()
    return this.#promise
  }

  whenEnded(listener: EndListener): void {
    if (this.#task.dead) {
      listener.ended(this, failureOf(this.#task))
      return
    }
    this.#listeners ??= new SmallSet()
    this.#listeners.add(listener)
    this.#beTold()
  }

  forget(listener: EndListener): void {
    this.#listeners?.delete(listener)
  }

  #beTold(): void {
    const task = this.#task
    if (this.#isTold || task.dead) return
    this.#isTold = true
    this.#earlier = task.resolve
    task.resolve = (outcome, settled) => {
      this.#earlier?.(outcome, settled)
      this.#earlier = null
      this.#fulfil?.()
      if (this.#listeners === null) return
      for (const listener of this.#listeners) listener.ended(this, failureOf(settled))
      this.#listeners = null
    }
  }
}

function failureOf({ state, payload }: Task): TaskFailure | null {
  return state === DONE ? null : (payload as TaskFailure)
}
