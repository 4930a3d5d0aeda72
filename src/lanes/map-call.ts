import type { Deliveries } from '../bridge/deliveries.js'
import { Failure } from '../bridge/failure.js'
import { describe } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { DONE } from '../core/task-state.js'
import { promiseOf, staysOpen, waitsForMore } from './task-promise.js'

/** What a map needs of the lane it runs on. */
export interface MapLane {
  /** How users are told: it is code of theirs that ends an iterator. */
  readonly deliveries: Pick<Deliveries, 'deliver' | 'undisturbed'>
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
 * If the lane lets tasks wait for room, items are taken from their iterable only as there is some. A task that awaits the
 * whole waits for each that comes later, too, from then on.
 */
export class MapCall<R> {
  readonly #lane: MapLane
  readonly #items: Iterator<unknown>
  readonly #results: R[] = []
  readonly #runs: Run[] = []
  readonly #tasks: Task[] = []
  /** Those that came when the whole was awaited: what is to be called when they end. */
  readonly #later = new Map<Task, () => void>()
  #resolve: (results: R[]) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  /** Null until all have come for which there was room at first. */
  #promise: Promise<R[]> | null = null
  /** The task that is being submitted, if it has ended within that: its `onSubmit` has waited for it. */
  #early: { readonly task: Task; readonly outcome: unknown } | null = null
  #taken = 0
  #ended = 0
  /** The number of the last task that was noted: they grow. */
  #lastId = 0
  #failed = false
  #error: unknown
  /** Whether the iterator is to be told that no more items are wanted: not once it has ended by itself. */
  #open = true
  /** Whether the iterator's own code is running, and could not be told. */
  #taking = false

  static run<R>(lane: MapLane, items: Iterable<unknown>): Promise<R[]> {
    const call = new MapCall<R>(lane, items[Symbol.iterator]())
    const promise = promiseOf<R[]>(
      (resolve, reject) => {
        call.#resolve = resolve
        call.#reject = reject
        call.#feed()
      },
      () => call.#tasks.filter(task => !call.#later.has(task)),
    )
    if (call.#open) staysOpen(promise)
    call.#promise = promise
    return promise
  }

  private constructor(lane: MapLane, items: Iterator<unknown>) {
    this.#lane = lane
    this.#items = items
  }

  #feed(): void {
    try {
      while (!this.#failed) {
        const next = this.#next()
        // What the iterator does on its way to an item may end the whole.
        if (this.#failed) break
        if (next.done === true) {
          if (this.#ended === this.#taken) this.#resolve(this.#results)
          return
        }
        const task = this.#lane.submit(next.value, this.#settled)
        this.#note(task)
        const early = this.#early
        this.#early = null
        if (early !== null) this.#settled(early.outcome, early.task)
        // Whoever is told of the new task may have ended another.
        if (this.#failed) {
          this.#lane.cancel(task, this.#error)
          break
        }
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
      this.#fail(error)
    }
    if (this.#failed) this.#closeItems()
  }

  #next(): IteratorResult<unknown> {
    this.#taking = true
    this.#open = false
    try {
      const next: unknown = this.#items.next()
      // As `for … of` has it: what tells of no end would be asked for ever.
      if (!isResult(next)) throw new TypeError(`${describe(next)} is no result of an iterator`)
      this.#open = next.done !== true
      return next
    } finally {
      this.#taking = false
    }
  }

  #note(task: Task): void {
    const index = this.#taken++
    this.#lastId = task.sequence
    const last = this.#runs.at(-1)
    if (last === undefined || task.sequence - last.firstId !== index - last.firstIndex) {
      this.#runs.push({ firstId: task.sequence, firstIndex: index })
    }
    this.#tasks.push(task)
    const ended = this.#promise && waitsForMore(this.#promise, task)
    if (ended) this.#later.set(task, ended)
    // As they are in the order of their items: a place is made for each, whichever ends first.
    this.#results.length = index + 1
  }

  readonly #settled = (outcome: unknown, task: Task): void => {
    if (task.sequence > this.#lastId) {
      this.#early = { task, outcome }
      return
    }
    this.#later.get(task)?.()
    this.#later.delete(task)
    if (this.#failed) return
    if (task.state !== DONE) {
      this.#fail(outcome instanceof Failure ? outcome.error() : outcome)
      return
    }
    this.#results[this.#indexOf(task)] = outcome as R
    if (++this.#ended === this.#taken && !this.#open && !this.#taking) this.#resolve(this.#results)
  }

  #indexOf(task: Task): number {
    let low = 0
    let high = this.#runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#runs[middle]!.firstId > task.sequence) high = middle - 1
      else low = middle
    }
    const { firstId, firstIndex } = this.#runs[low]!
    return firstIndex + task.sequence - firstId
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
    this.#reject(error)
    this.#lane.deliveries.undisturbed(() => {
      for (const task of this.#tasks) this.#lane.cancel(task, error)
    })
    this.#closeItems()
  }

  /** If the iterator's own code is running, it is told when that has come to its end. */
  #closeItems(): void {
    this.#lane.deliveries.deliver(() => {
      if (this.#open && !this.#taking) this.#endItems()
    })
  }

  #endItems(): void {
    this.#open = false
    try {
      this.#items.return?.()
    } catch {
      // The map has rejected with what came first.
    }
  }
}

function isResult(next: unknown): next is IteratorResult<unknown> {
  return typeof next === 'object' && next !== null
}
