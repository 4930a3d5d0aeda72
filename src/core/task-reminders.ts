import type { Clock } from './clock.js'
import type { Reminders } from './reminders.js'
import type { Task, TaskExtras } from './task.js'

/** The one reminder of each task that waits: of the end of its delay, or of that of its waiting. Written in `extras.timer`. */
export class TaskReminders {
  readonly #clock: Clock
  readonly #reminders: Reminders<() => void>
  readonly #onDue: (task: Task, extras: TaskExtras) => void

  /** @param onDue called when the time of a task has come; its reminder is over */
  constructor(
    clock: Clock,
    reminders: Reminders<() => void>,
    onDue: (task: Task, extras: TaskExtras) => void,
  ) {
    this.#clock = clock
    this.#reminders = reminders
    this.#onDue = onDue
  }

  /** Sets the reminder of a task that has none. @param isDelayed whether it waits for its time */
  set(task: Task, isDelayed: boolean): void {
    const { extras } = task
    if (extras === null) return
    const at = this.#dueAt(isDelayed, extras)
    if (at === Number.POSITIVE_INFINITY) return
    extras.timer = this.#reminders.add(at, () => {
      extras.timer = null
      this.#onDue(task, extras)
    })
  }

  /** Cancels the reminder of a task, if it has one. */
  cancel({ extras }: Task): void {
    if (extras === null || extras.timer === null) return
    this.#reminders.cancel(extras.timer)
    extras.timer = null
  }

  #dueAt(isDelayed: boolean, { dependencies, notBefore, expires }: TaskExtras): number {
    // One of them had failed before it came: whoever submits it is told of that first.
    if (dependencies !== null && dependencies.failed !== null) return this.#clock.now()
    return isDelayed && dependencies === null ? Math.min(notBefore, expires) : expires
  }
}
