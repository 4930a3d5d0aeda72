import type { Backlog } from './backlog.js'
import type { Clock } from './clock.js'
import { pauseBeforeRetry } from './retry-policy.js'
import type { Task, TaskExtras } from './task.js'
import { SCHEDULED, STARTED } from './task-state.js'

/** An idempotent task whose thread died is started this often in all. */
const MAX_DEATHS = 3
/** The code of what would happen again however often the task is run. */
const HOPELESS = 'ERR_RESULT_NOT_CLONEABLE'

/**
 * Which tasks are run again. One that failed by itself, as its `retries` say, after a pause; one whose thread died
 * under it, if it is idempotent, at once: the death was most likely not its own. If it has a key, it waits until nothing
 * of the thread can run any more, as the next of its key would.
 */
export class Retries {
  readonly #clock: Clock
  readonly #backlog: Backlog
  readonly #waitsAgain: (task: Task) => void
  #over = false

  /** @param waitsAgain called with each task that is in the lane's queue once more */
  constructor(clock: Clock, backlog: Backlog, waitsAgain: (task: Task) => void) {
    this.#clock = clock
    this.#backlog = backlog
    this.#waitsAgain = waitsAgain
  }

  /** There will be no thread to run anything on. */
  end(): void {
    this.#over = true
  }

  /** Whether a failure of the present attempt would not be the task's end. */
  areLeft({ extras }: Task): boolean {
    return !this.#over && extras !== null && extras.retries !== null && extras.failures < extras.retries.limit
  }

  /**
   * Decides what becomes of a task that has failed by itself.
   *
   * @param code that of the error, if it has one
   * @returns whether it is run again; then it has left its slot and waits for its time
   */
  afterFailure(task: Task, code: unknown): boolean {
    const { extras } = task
    if (this.#over || extras === null || extras.retries === null || code === HOPELESS) return false
    const pause = pauseBeforeRetry(extras.retries, extras.failures + 1)
    if (pause === undefined) return false
    const until = this.#clock.now() + pause
    if (until >= extras.deadline) return false
    extras.failures++
    this.#beginAgain(task, extras)
    this.#backlog.delay(task, until)
    this.#waitsAgain(task)
    return true
  }

  /** @returns whether a started task whose thread died is run again; then it is back in the backlog */
  afterDeath(task: Task): boolean {
    const { extras } = task
    // What was handed over died with the thread.
    if (this.#over || extras === null || !extras.idempotent || extras.transfer !== null) return false
    if (extras.attempt >= MAX_DEATHS + extras.failures) return false
    const slot = task.id
    this.#beginAgain(task, extras)
    // Without a slot, whoever asks has waited until the thread was gone.
    if (extras.key === null || slot === 0) {
      this.#backlog.putBack(task)
    } else {
      extras.lingersIn = slot
      this.#backlog.delay(task, Number.POSITIVE_INFINITY)
    }
    this.#waitsAgain(task)
    return true
  }

  #beginAgain(task: Task, extras: TaskExtras): void {
    extras.attempt++
    // It has waited once; what it waits from now on is not its queue's doing.
    extras.waitUntil = Number.POSITIVE_INFINITY
    task.started = undefined
    task.id = 0
    // Where the state of a running task is kept elsewhere, the task itself does not know that it has started.
    if (task.state !== STARTED) task.enter(STARTED)
    task.enter(SCHEDULED)
  }
}
