import { QueueFullError } from './errors.js'
import type { Task } from './task.js'

export const OVERLOAD_POLICIES = ['reject', 'wait', 'drop-oldest', 'drop-expired'] as const

/** What becomes of a task for which there is no room in its lane's queue. */
export type OverloadPolicy = (typeof OVERLOAD_POLICIES)[number]

/** The most tasks of one lane that may wait for room: they are not in the queue, but they take memory all the same. */
export const MAX_HELD = 100_000

/** The queue of a lane, as admission sees it. */
export interface AdmissionQueue {
  isFull(): boolean
  /** How many tasks wait for room. */
  held(): number
  /** Every task that is accepted and has not started. */
  waiting(): Iterable<Task>
  isWaiting(task: Task): boolean
  /** Ends a waiting task. */
  drop(task: Task): void
}

/**
 * Who comes into a lane's queue when it is full.
 *
 * - `reject`: nobody.
 * - `wait`: nobody until there is room; up to `MAX_HELD` wait for it, and what comes while some wait, waits as well.
 * - `drop-oldest`: everybody, for the waiting task that came first.
 * - `drop-expired`: everybody, as long as there are waiting tasks that cannot end in time: their deadline or
 *   queueTimeout is over, or their deadline will be before they could end, by what their function lately took.
 */
export class Admission {
  readonly #lane: string
  readonly #policy: OverloadPolicy
  readonly #limit: number
  readonly #queue: AdmissionQueue
  readonly #order = new ArrivalOrder()
  /** No waiting task can be past saving before this instant. */
  #soonestHopeless = Number.POSITIVE_INFINITY

  constructor(lane: string, policy: OverloadPolicy, limit: number, queue: AdmissionQueue) {
    this.#lane = lane
    this.#policy = policy
    this.#limit = limit
    this.#queue = queue
  }

  /**
   * Asks for one more task to be taken, and makes room for it if the policy says so.
   *
   * @param now the present instant
   * @returns whether there is room, or it has to wait for some
   * @throws QueueFullError if it is refused
   */
  ask(now: number): 'accept' | 'hold' {
    if (this.#policy === 'wait' && this.#queue.held() > 0) return this.#hold()
    // More than once, if whoever is told of a dropped task submits another.
    while (this.#queue.isFull()) {
      if (this.#policy === 'wait') return this.#hold()
      if (!this.#makeRoom(now)) throw new QueueFullError(this.#lane, this.#limit)
    }
    return 'accept'
  }

  /** Remembers a task that was taken, as far as the policy will have to know of it. */
  accepted(task: Task): void {
    if (this.#policy === 'drop-oldest') this.#order.push(task, this.#queue)
    else if (this.#policy === 'drop-expired' && task.extras !== null)
      this.#soonestHopeless = Math.min(this.#soonestHopeless, hopelessAt(task))
  }

  #hold(): 'hold' {
    if (this.#queue.held() >= MAX_HELD) throw new QueueFullError(this.#lane, MAX_HELD)
    return 'hold'
  }

  #makeRoom(now: number): boolean {
    if (this.#policy === 'drop-expired') return this.#dropHopeless(now)
    const oldest = this.#policy === 'drop-oldest' ? this.#order.takeOldest(this.#queue) : undefined
    if (oldest !== undefined) this.#queue.drop(oldest)
    return oldest !== undefined
  }

  /** All of them at once, so that a full queue is not read again for each task that comes. */
  #dropHopeless(now: number): boolean {
    if (this.#soonestHopeless > now) return false
    const hopeless: Task[] = []
    let soonest = Number.POSITIVE_INFINITY
    for (const task of this.#queue.waiting()) {
      const at = hopelessAt(task)
      if (at <= now) hopeless.push(task)
      else soonest = Math.min(soonest, at)
    }
    this.#soonestHopeless = soonest
    for (const task of hopeless) this.#queue.drop(task)
    return hopeless.length > 0
  }
}

/** The instant from which on a waiting task cannot end in time. */
function hopelessAt({ extras, target }: Task): number {
  if (extras === null) return Number.POSITIVE_INFINITY
  return Math.min(extras.waitUntil, extras.deadline - target.mean)
}

/** Tasks in the order in which they came. Those that wait no more are left out when they surface, or are the majority. */
class ArrivalOrder {
  #tasks: Task[] = []
  #first = 0
  #sweepAt = 128

  push(task: Task, queue: AdmissionQueue): void {
    this.#tasks.push(task)
    if (this.#tasks.length < this.#sweepAt) return
    this.#tasks = this.#tasks.slice(this.#first).filter(held => queue.isWaiting(held))
    this.#first = 0
    this.#sweepAt = Math.max(128, 2 * this.#tasks.length)
  }

  takeOldest(queue: AdmissionQueue): Task | undefined {
    while (this.#first < this.#tasks.length) {
      const task = this.#tasks[this.#first++]!
      if (queue.isWaiting(task)) return task
    }
    return undefined
  }
}
