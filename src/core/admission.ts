import { QueueFullError } from './errors.js'
import type { CallTarget, Task } from './task.js'

export const OVERLOAD_POLICIES = ['reject', 'wait', 'drop-oldest', 'drop-expired'] as const

/** What becomes of a task for which there is no room in its lane's queue. */
export type OverloadPolicy = (typeof OVERLOAD_POLICIES)[number]

/** What becomes of a task that is taken: it has a place, or is to wait for one, or to have one for which others are dropped. */
export type Admittance = 'accept' | 'hold' | 'drop'

/** The most tasks of one lane that may wait for room: they are not in the queue, but they take memory all the same. */
export const MAX_HELD = 100_000

/** Of fewer functions it is not worth while to forget some. */
const LEAST_SWEPT = 128

/** The queue of a lane, as admission sees it. */
export interface AdmissionQueue {
  /** Takes a place for one more task. @returns whether there was one */
  enter(): boolean
  /** How many tasks wait for room. */
  held(): number
  /** Every task that is accepted and has not started. */
  waiting(): Iterable<Task>
  isWaiting(task: Task): boolean
  /** Whether it does not wait any more, and will not unless it is accepted once more. */
  hasBegun(task: Task): boolean
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
  /** Null where no policy asks for it. */
  readonly #order: ArrivalOrder | null
  /** The earliest deadline of a waiting task of each function: its mean is not what it was when the task came. */
  readonly #deadlines = new Map<CallTarget, number>()
  /** The earliest end of a queueTimeout. */
  #waitUntil = Number.POSITIVE_INFINITY
  #sweepAt = LEAST_SWEPT

  constructor(lane: string, policy: OverloadPolicy, limit: number, queue: AdmissionQueue) {
    this.#lane = lane
    this.#policy = policy
    this.#order = policy === 'drop-oldest' ? new ArrivalOrder(queue) : null
    this.#limit = limit
    this.#queue = queue
  }

  /**
   * Asks for one more task to be taken.
   *
   * @param now the present instant
   * @returns whether it has a place, or has to wait for one, or is to have one by `makeRoom`
   * @throws QueueFullError if it is refused
   */
  ask(now: number): Admittance {
    if (this.#policy === 'wait' && this.#queue.held() > 0) return this.#hold()
    if (this.#queue.enter()) return 'accept'
    if (this.#policy === 'wait') return this.#hold()
    if (!this.#mayDrop(now)) throw this.#refusal
    return 'drop'
  }

  /**
   * Takes a place for a task, and drops others as long as there is none.
   *
   * @param now the present instant
   * @throws QueueFullError if there is none to be dropped
   */
  makeRoom(now: number): void {
    // More than once, if tasks that are to be run again have come back to a queue that was full, or others were faster.
    while (!this.#queue.enter()) {
      const dropped = this.#toDrop(now)
      if (dropped.length === 0) throw this.#refusal
      for (const task of dropped) this.#queue.drop(task)
    }
  }

  /** Remembers a task that was taken, as far as the policy will have to know of it. */
  accepted(task: Task): void {
    if (this.#order !== null) this.#order.add(task)
    else if (this.#policy === 'drop-expired') this.#noteLimits(task)
  }

  /** Forgets a task that has ended. */
  ended(task: Task): void {
    this.#order?.delete(task)
  }

  #hold(): 'hold' {
    if (this.#queue.held() >= MAX_HELD) throw new QueueFullError(this.#lane, MAX_HELD)
    return 'hold'
  }

  get #refusal(): QueueFullError {
    return new QueueFullError(this.#lane, this.#limit)
  }

  #mayDrop(now: number): boolean {
    if (this.#policy === 'drop-expired') return this.#soonestHopeless() <= now
    return this.#policy === 'drop-oldest'
  }

  #toDrop(now: number): readonly Task[] {
    if (this.#policy === 'drop-expired') return this.#hopeless(now)
    const oldest = this.#order?.takeOldest()
    return oldest === undefined ? [] : [oldest]
  }

  /** All of them at once, so that a full queue is not read again for each task that comes. */
  #hopeless(now: number): readonly Task[] {
    if (this.#soonestHopeless() > now) return []
    this.#deadlines.clear()
    this.#waitUntil = Number.POSITIVE_INFINITY
    const hopeless: Task[] = []
    for (const task of this.#queue.waiting()) {
      if (hopelessAt(task) <= now) hopeless.push(task)
      else this.#noteLimits(task)
    }
    return hopeless
  }

  #noteLimits({ extras, target }: Task): void {
    if (extras === null) return
    this.#waitUntil = Math.min(this.#waitUntil, extras.waitUntil)
    if (extras.deadline === Number.POSITIVE_INFINITY) return
    const earliest = this.#deadlines.get(target) ?? Number.POSITIVE_INFINITY
    this.#deadlines.set(target, Math.min(earliest, extras.deadline))
    if (this.#deadlines.size >= this.#sweepAt) this.#sweep()
  }

  /** Functions may be named at will, and most of those that are known here may have nothing that waits any more. */
  #sweep(): void {
    this.#sweepAt = Number.POSITIVE_INFINITY
    this.#deadlines.clear()
    for (const task of this.#queue.waiting()) this.#noteLimits(task)
    this.#sweepAt = Math.max(LEAST_SWEPT, 2 * this.#deadlines.size)
  }

  /** No waiting task is past saving before this instant. */
  #soonestHopeless(): number {
    let soonest = this.#waitUntil
    for (const [target, deadline] of this.#deadlines) soonest = Math.min(soonest, deadline - target.mean)
    return soonest
  }
}

/** The instant from which on a waiting task cannot end in time. */
function hopelessAt({ extras, target }: Task): number {
  if (extras === null) return Number.POSITIVE_INFINITY
  return Math.min(extras.waitUntil, extras.deadline - target.mean)
}

/**
 * Tasks in the order in which they came. Of those that have ended it holds none: their values may be large.
 *
 * Each is looked at once, by one iterator that goes on where it was: a set that is always begun anew skips all that has been
 * deleted at its front, which with 100,000 that wait takes longer than a task.
 */
class ArrivalOrder {
  readonly #queue: Pick<AdmissionQueue, 'isWaiting' | 'hasBegun'>
  readonly #tasks = new Set<Task>()
  #next = this.#tasks.values()
  /** Those that were being taken back from a thread when they were looked at: they neither waited nor had begun. */
  readonly #passed = new Set<Task>()

  constructor(queue: Pick<AdmissionQueue, 'isWaiting' | 'hasBegun'>) {
    this.#queue = queue
  }

  add(task: Task): void {
    if (!this.#passed.has(task)) this.#tasks.add(task)
  }

  delete(task: Task): void {
    if (!this.#tasks.delete(task)) this.#passed.delete(task)
  }

  takeOldest(): Task | undefined {
    for (const task of this.#passed) {
      const isWaiting = this.#queue.isWaiting(task)
      if (isWaiting || this.#queue.hasBegun(task)) this.#passed.delete(task)
      if (isWaiting) return task
    }
    for (let next = this.#next.next(); next.done !== true; next = this.#next.next()) {
      const task = next.value
      this.#tasks.delete(task)
      if (this.#queue.isWaiting(task)) return task
      if (!this.#queue.hasBegun(task)) this.#passed.add(task)
    }
    // It would not go on with what comes later.
    this.#next = this.#tasks.values()
    return undefined
  }
}
