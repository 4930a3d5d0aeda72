import { Failure } from '../bridge/failure.js'
import type { Task } from '../core/task.js'
import { DONE } from '../core/task-state.js'

/** What a map needs of the lane it runs on. */
export interface MapLane {
  /** Submits the task of one item. @param resolve called with its outcome */
  submit(item: unknown, resolve: (outcome: unknown, task: Task) => void): Task
  cancel(task: Task, cause: unknown): void
}

/** Tasks whose ids follow each other, as their items do. */
interface Run {
  readonly firstId: number
  readonly firstIndex: number
}

/**
 * One call of `lane.map`: many tasks, one promise. An item costs its task and its place in the results, and no promise,
 * closure or handle of its own: which item a task belongs to is told by its id, since ids grow with each submission.
 *
 * If the lane lets tasks wait for room, items are taken from their iterable only as there is some.
 */
export class MapCall<R> {
  readonly #lane: MapLane
  readonly #items: Iterator<unknown>
  readonly #results: R[] = []
  readonly #runs: Run[] = []
  readonly #tasks: Task[] = []
  readonly #resolve: (results: R[]) => void
  readonly #reject: (error: unknown) => void
  #taken = 0
  #ended = 0
  #allTaken = false
  #failed = false

  static run<R>(lane: MapLane, items: Iterable<unknown>): Promise<R[]> {
    return new Promise<R[]>((resolve, reject) => {
      new MapCall<R>(lane, items[Symbol.iterator](), resolve, reject).#feed()
    })
  }

  private constructor(
    lane: MapLane,
    items: Iterator<unknown>,
    resolve: (results: R[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#lane = lane
    this.#items = items
    this.#resolve = resolve
    this.#reject = reject
  }

  #feed(): void {
    try {
      while (!this.#failed) {
        const next = this.#items.next()
        if (next.done === true) {
          this.#allTaken = true
          if (this.#ended === this.#taken) this.#resolve(this.#results)
          return
        }
        const task = this.#lane.submit(next.value, this.#settled)
        this.#note(task)
        const acceptance = task.extras?.acceptance ?? null
        if (acceptance !== null) {
          // A rejection is the task's own outcome, which comes to `#settled`.
          acceptance.promise.then(
            () => this.#feed(),
            () => {},
          )
          return
        }
      }
    } catch (error) {
      this.#allTaken = true
      this.#fail(error)
    }
  }

  #note(task: Task): void {
    const index = this.#taken++
    const last = this.#runs.at(-1)
    if (last === undefined || task.sequence - last.firstId !== index - last.firstIndex) {
      this.#runs.push({ firstId: task.sequence, firstIndex: index })
    }
    this.#tasks.push(task)
    // As they are in the order of their items: a place is made for each, whichever ends first.
    this.#results.length = index + 1
  }

  readonly #settled = (outcome: unknown, task: Task): void => {
    if (this.#failed) return
    if (task.state !== DONE) {
      this.#fail(outcome instanceof Failure ? outcome.error() : outcome)
      return
    }
    this.#results[this.#indexOf(task)] = outcome as R
    if (++this.#ended === this.#taken && this.#allTaken) this.#resolve(this.#results)
  }

  #indexOf(task: Task): number {
    let at = this.#runs.length - 1
    while (this.#runs[at]!.firstId > task.sequence) at--
    const { firstId, firstIndex } = this.#runs[at]!
    return firstIndex + task.sequence - firstId
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#reject(error)
    for (const task of this.#tasks) this.#lane.cancel(task, error)
    if (!this.#allTaken) this.#items.return?.()
  }
}
