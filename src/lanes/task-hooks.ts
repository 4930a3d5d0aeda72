import { types } from 'node:util'
import type { Task, TaskObserver } from '../core/task.js'
import { CANCELED, DONE, FAILED, TIMED_OUT } from '../core/task-state.js'
import { inOwnContext } from './own-context.js'
import type { SignalGroup } from './signal-group.js'
import { outcomeOf, type TaskHandle } from './task-handle.js'
import type { TaskCallbacks } from './task-options.js'

/** What a task's callbacks find around them. */
export interface HookSurroundings {
  /** Makes the call, at once or when it may be made. @param call does not throw */
  deliver(call: () => void): void
  /** Takes what a callback has thrown. */
  report(error: unknown): void
}

const NONE: TaskCallbacks = {}

/**
 * A task's callbacks and its tie to an AbortSignal. Whatever a callback throws is reported and changes nothing; each
 * is called at most once, the one for the start before the final one; none in the middle of a synchronous wait.
 */
export class TaskHooks implements TaskObserver {
  readonly #callbacks: TaskCallbacks
  readonly #group: SignalGroup | null
  readonly #handle: TaskHandle<never>
  readonly #deliver: (call: () => void) => void
  readonly #report: (error: unknown) => void

  constructor(
    handle: TaskHandle<never>,
    callbacks: TaskCallbacks | null,
    group: SignalGroup | null,
    { deliver, report }: HookSurroundings,
  ) {
    this.#handle = handle
    this.#callbacks = callbacks ?? NONE
    this.#group = group
    this.#deliver = deliver
    this.#report = report
  }

  accepted(): void {
    const { onSubmit } = this.#callbacks
    if (onSubmit !== undefined) this.#call(() => onSubmit(this.#handle))
  }

  started(): void {
    const { onStart } = this.#callbacks
    if (onStart !== undefined) this.#call(() => onStart(this.#handle))
  }

  finished(task: Task): void {
    this.#group?.delete(task)
    const { onDone, onError, onTimeout, onCancel } = this.#callbacks
    const handle = this.#handle
    if (task.state === DONE && onDone) this.#call(() => onDone(handle, outcomeOf(task) as never))
    if (task.state === FAILED && onError) this.#call(() => onError(handle, outcomeOf(task)))
    if (task.state === TIMED_OUT && onTimeout) this.#call(() => onTimeout(handle, outcomeOf(task)))
    if (task.state === CANCELED && onCancel) this.#call(() => onCancel(handle, outcomeOf(task)))
  }

  #call(callback: () => unknown): void {
    this.#deliver(() => {
      try {
        const returned = inOwnContext(callback)
        // One that is `async` throws by rejecting, and nobody else looks at that.
        if (types.isPromise(returned)) returned.catch(this.#report)
      } catch (error) {
        this.#report(error)
      }
    })
  }
}
