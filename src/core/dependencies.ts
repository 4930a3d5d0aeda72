import { awaitedName } from './awaited-name.js'
import { SmallSet } from './small-set.js'
import type { TaskFailure } from './task-failure.js'

/** Of a task that waits for more than so many, as many are named. */
export const MOST_NAMED = 100

/** A task that others may wait for: all they need to know of it, wherever it runs. */
export interface AwaitedTask {
  readonly id: number
  readonly name: string
  readonly lane: string
  /** Has the listener told when the task ends; at once, within the call, if it has. */
  whenEnded(listener: EndListener): void
  /** Takes a listener back that was given to `whenEnded`. */
  forget(listener: EndListener): void
}

/** Who is told of a task's end. */
export interface EndListener {
  /**
   * Called once, synchronously.
   *
   * @param failure why the task has no value; null if it is DONE
   */
  ended(task: AwaitedTask, failure: TaskFailure | null): void
}

/** Who has told others of what a task waits for, and takes it back. */
export interface DependencyTeller {
  /** One of them is done: it is waited for no more. */
  ended(task: AwaitedTask): void
  /** None is waited for any more. */
  over(): void
}

/** A task that was waited for and is not DONE. It does not keep the task itself. */
export interface FailedDependency {
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly failure: TaskFailure
}

/**
 * The tasks that one task is to start after. One that is done is let go of at once, and with it what it has returned; as
 * soon as one has failed, or the dependant has ended otherwise, all are, and none of them knows of the dependant any more.
 */
export class Dependencies implements EndListener, Iterable<AwaitedTask> {
  readonly #left = new SmallSet<AwaitedTask>()
  #failed: FailedDependency | null = null
  #over: (() => void) | null = null
  /** Set by whoever tells others of them; null if nobody does. */
  teller: DependencyTeller | null = null

  /** @param tasks the same one may come twice */
  constructor(tasks: Iterable<AwaitedTask>) {
    for (const task of tasks) this.#left.add(task)
  }

  /** How many of them have not ended. */
  get left(): number {
    return this.#left.size
  }

  /** The first of them that has failed. */
  get failed(): FailedDependency | null {
    return this.#failed
  }

  /** How those are called that have not ended: the first hundred. */
  get names(): string[] {
    const names: string[] = []
    for (const task of this.#left) {
      if (names.length === MOST_NAMED) break
      names.push(awaitedName(task))
    }
    return names
  }

  /** Those that have not ended. */
  [Symbol.iterator](): Iterator<AwaitedTask> {
    return this.#left[Symbol.iterator]()
  }

  /** Whether there is nothing to wait for: all are DONE. */
  get areDone(): boolean {
    return this.#failed === null && this.#left.size === 0
  }

  /**
   * Begins to listen. Those that have ended by now show in `areDone` and `failed` right after.
   *
   * @param over called once when, later than that, all are done or one has failed
   */
  watch(over: () => void): void {
    for (const task of this.#left) {
      task.whenEnded(this)
      if (this.#failed !== null) return
    }
    this.#over = over
  }

  /** None of them matters any more. */
  letGo(): void {
    this.#over = null
    for (const task of this.#left) task.forget(this)
    this.#left.clear()
    this.teller?.over()
    this.teller = null
  }

  ended(task: AwaitedTask, failure: TaskFailure | null): void {
    this.#left.delete(task)
    this.teller?.ended(task)
    if (failure === null && this.#left.size > 0) return
    const over = this.#over
    if (failure !== null) {
      const { id, name, lane } = task
      this.#failed = { id, name, lane, failure }
      this.letGo()
    }
    this.#over = null
    over?.()
  }
}
