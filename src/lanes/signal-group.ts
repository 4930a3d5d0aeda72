import type { Task } from '../core/task.js'

/**
 * The tasks that one AbortSignal cancels. One listener on the signal and a set behind it: a listener a task would make
 * an abort of 40,000 tasks take seconds.
 */
const groups = new WeakMap<AbortSignal, SignalGroup>()

/** Of one scheduler: of those that tell users of its tasks. */
export interface Undisturbed {
  /** Does something to its end before users are told of what came of it. */
  undisturbed(call: () => void): void
}

interface Member {
  readonly cancel: (reason: unknown) => void
  readonly of: Undisturbed
}

export class SignalGroup {
  readonly #signal: AbortSignal
  readonly #members = new Map<Task, Member>()

  private constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  static of(signal: AbortSignal): SignalGroup {
    let group = groups.get(signal)
    if (group === undefined) {
      group = new SignalGroup(signal)
      groups.set(signal, group)
    }
    return group
  }

  /**
   * @param cancel called with the signal's reason when it aborts; at once if it has
   * @param of whoever tells users of the task
   */
  add(task: Task, cancel: (reason: unknown) => void, of: Undisturbed): void {
    if (this.#signal.aborted) {
      cancel(this.#signal.reason)
      return
    }
    if (this.#members.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#members.set(task, { cancel, of })
  }

  delete(task: Task): void {
    if (this.#members.delete(task) && this.#members.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort)
    }
  }

  readonly #onAbort = (): void => {
    // A copy: each cancel takes its task out of the set.
    const members = [...this.#members.values()]
    let abort = (): void => {
      for (const { cancel } of members) cancel(this.#signal.reason)
    }
    // The tasks may be of several schedulers, and who is told of one may wait for any other.
    for (const of of new Set(members.map(member => member.of))) {
      const within = abort
      abort = () => of.undisturbed(within)
    }
    abort()
  }
}
