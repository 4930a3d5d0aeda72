import type { Task } from '../core/task.js'

/**
 * The tasks that one AbortSignal cancels. One listener on the signal and a set behind it: a listener a task would make
 * an abort of 40,000 tasks take seconds.
 */
const groups = new WeakMap<AbortSignal, SignalGroup>()

export class SignalGroup {
  readonly #signal: AbortSignal
  readonly #members = new Map<Task, (reason: unknown) => void>()

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

  /** @param cancel called with the signal's reason when it aborts; at once if it has */
  add(task: Task, cancel: (reason: unknown) => void): void {
    if (this.#signal.aborted) {
      cancel(this.#signal.reason)
      return
    }
    if (this.#members.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#members.set(task, cancel)
  }

  delete(task: Task): void {
    if (this.#members.delete(task) && this.#members.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort)
    }
  }

  readonly #onAbort = (): void => {
    // A copy: each cancel takes its task out of the set.
    for (const cancel of [...this.#members.values()]) cancel(this.#signal.reason)
  }
}
