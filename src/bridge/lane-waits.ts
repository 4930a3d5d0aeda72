import { DeadlockError } from '../core/errors.js'
import { pauseBeforeRetry } from '../core/retry-policy.js'
import { SpinTrials } from '../core/spin-trials.js'
import type { Task } from '../core/task.js'
import { FAILED, isFinal, SCHEDULED } from '../core/task-state.js'
import type { SyncWait } from './blocking-wait.js'
import type { Dispatch } from './dispatch.js'
import type { LaneLink } from './lane-link.js'
import type { Recall } from './recall.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import { INT } from './shared-table.js'

/** What of a lane's sender takes part in a synchronous wait. */
export interface WaitingSide {
  readonly links: ReadonlyMap<number, LaneLink>
  readonly dispatch: Dispatch
  readonly recall: Recall
  /** Takes a message of a thread. */
  receive(link: LaneLink, message: unknown): void
  /** The port to a thread has closed. */
  closed(link: LaneLink): void
}

/**
 * What a lane's sender does with what its threads post: as the event loop brings it, or in a synchronous wait of its own
 * thread, in place of the event loop.
 *
 * If the sender is on a lane thread itself, nothing can run there as long as the wait lasts. So it sends that thread
 * nothing, and takes back what it has not started; and a wait that needs just this thread is refused.
 */
export class LaneWaits {
  readonly #context: SenderContext
  readonly #terms: LaneTerms
  readonly #side: WaitingSide
  readonly #spin: SpinTrials
  /** The thread that is blocked by a wait of its own, if it is the sender's. */
  #leftOut: number | null = null

  constructor(context: SenderContext, terms: LaneTerms, side: WaitingSide) {
    this.#context = context
    this.#terms = terms
    this.#side = side
    this.#spin = new SpinTrials(terms.spin)
  }

  /**
   * Blocks the thread until it is over.
   *
   * @param task what is waited for
   * @throws DeadlockError if the task needs this very thread
   */
  block(task: Task, wait: SyncWait): void {
    if (!this.#hasEnded(task)) this.refuseDeadlock(task)
    this.#context.block(task, this.#spin, wait)
  }

  /** The thread is about to be blocked: it is sent nothing more. */
  leaveOut(thread: number): void {
    this.#leftOut = thread
    const link = this.#side.links.get(thread)
    if (link === undefined) return
    link.isBlocked = true
    for (const task of this.#context.sent.unstarted(this.#terms.name))
      if (this.#threadOf(task) === thread) this.#side.recall.takeBack(task)
    this.#side.dispatch.queueFlush()
  }

  /** It goes on. */
  takeIn(thread: number): void {
    this.#leftOut = null
    const link = this.#side.links.get(thread)
    if (link === undefined) return
    link.isBlocked = false
    this.#side.dispatch.queueFlush()
  }

  /** Sends what is to leave at the end of the turn. */
  hurry(): void {
    this.#side.dispatch.hurry()
  }

  /** The event loop has brought a message of a thread. */
  heard(link: LaneLink, message: unknown): void {
    this.#context.deliveries.undisturbed(() => {
      this.#side.receive(link, message)
      this.#side.dispatch.flush()
    })
  }

  /** Takes what threads have posted. */
  receive(): void {
    let count = 0
    for (const link of this.#side.links.values()) {
      for (let next = link.port.take(); next !== undefined; next = link.port.take()) {
        this.#side.receive(link, next.message)
        count++
      }
    }
    if (count > 0) this.#side.dispatch.flush()
  }

  /** The other end of a connection has closed; if it is one of the lane's, and was not closed here, its thread is lost. */
  closed(connection: number): void {
    for (const link of this.#side.links.values()) if (link.connection === connection) this.#side.closed(link)
  }

  /** Tells the threads of the sender's bell. */
  hang(buffer: SharedArrayBuffer): void {
    for (const link of this.#side.links.values()) this.#hang(link, buffer)
  }

  /** A thread has joined, which is to know of the bell if there is one. */
  joined(link: LaneLink): void {
    link.isBlocked = link.thread === this.#leftOut
    if (this.#context.bell !== null) this.#hang(link, this.#context.bell)
  }

  #hang(link: LaneLink, buffer: SharedArrayBuffer): void {
    link.send({ type: 'bell', buffer, connection: link.connection })
  }

  /** @throws DeadlockError if a task of the lane needs this very thread */
  refuseDeadlock(task: Task): void {
    const { home } = this.#context.environment
    if (home === undefined) return
    const { name } = this.#terms
    const needed = `task '${task.target.name}' of lane '${name}'`
    if (task.id !== 0 && this.#threadOf(task) === home.thread && !this.#canMove(task))
      throw new DeadlockError([`this thread of lane '${name}'`, needed], 'it is on that thread')
    if (home.lane !== name || this.#terms.threads.max > 1) return
    const others = [...this.#side.links.values()].filter(({ thread }) => thread !== home.thread)
    if (others.every(({ leaving }) => leaving))
      throw new DeadlockError([`the only thread of lane '${name}'`, needed])
  }

  /** Its answer may lie unread in its port, or unsent on this very thread: then it needs nothing any more. */
  #hasEnded({ id, extras }: Task): boolean {
    const state = id === 0 ? SCHEDULED : this.#context.sent.table.state(id)
    if (state !== FAILED || extras === null || extras.retries === null) return isFinal(state)
    return pauseBeforeRetry(extras.retries, extras.failures + 1) === undefined
  }

  #canMove(task: Task): boolean {
    return this.#context.sent.table.state(task.id) === SCHEDULED && (task.extras?.transfer ?? null) === null
  }

  #threadOf(task: Task): number {
    return this.#context.sent.table.int(task.id, INT.THREAD)
  }
}
