import type { Task } from '../core/task.js'
import type { TimerEntry } from '../core/timer-queue.js'

/** One attempt at a task of a `LocalLane`. */
export class LaneRun {
  task: Task
  /** The instant at which a limit of the task runs out, if it has any: a number here is a box of 16 bytes. */
  expires: number | undefined = undefined
  /** The reminder of that; of the end of its grace once its outcome is decided. */
  expiry: TimerEntry<() => void> | null = null
  /** Nothing of it goes on, or it was given up: nothing that still comes of it counts. */
  over = false

  constructor(task: Task) {
    this.task = task
  }
}
