import type { Admission } from '../core/admission.js'
import type { Backlog } from '../core/backlog.js'
import { Growth } from './growth.js'
import type { LaneKeys } from './lane-keys.js'
import type { LaneLink } from './lane-link.js'
import type { LaneQueue } from './lane-queue.js'
import type { Outbox } from './outbox.js'
import type { Recall } from './recall.js'
import type { LaneTerms, SenderContext } from './sender-context.js'

/** More tasks than any thread has. */
const BEHIND_ALL = 2 ** 32

/** What a dispatch puts to use. */
export interface DispatchMeans {
  readonly admission: Admission
  readonly queue: LaneQueue
  readonly keys: LaneKeys
  readonly outbox: Outbox
  readonly recall: Recall
}

/**
 * When the tasks of a lane leave, and to which of its threads: at the end of the turn that submitted them, and whenever a
 * thread has answered or said that it has room. What cannot leave for want of credit is looked at from three sides: it may
 * overtake what was sent, it may be an occasion for one more thread, and a thread that is free may take from one that is
 * held.
 */
export class Dispatch {
  readonly #context: SenderContext
  readonly #terms: LaneTerms
  readonly #links: ReadonlyMap<number, LaneLink>
  readonly #backlog: Backlog
  readonly #means: DispatchMeans
  /** Null if the lane always has the same number of threads. */
  readonly #growth: Growth | null
  #queued = false
  /** Whether a flush was asked for since the last. */
  #wanted = false

  constructor(
    context: SenderContext,
    terms: LaneTerms,
    links: ReadonlyMap<number, LaneLink>,
    backlog: Backlog,
    means: DispatchMeans,
  ) {
    this.#context = context
    this.#terms = terms
    this.#links = links
    this.#backlog = backlog
    this.#means = means
    this.#growth = terms.threads.max > terms.threads.min ? new Growth(terms, context, backlog) : null
  }

  /** Flushes at the end of the present turn. */
  queueFlush(): void {
    this.#wanted = true
    if (this.#queued) return
    this.#queued = true
    this.#context.environment.defer(this.#flushQueued)
  }

  readonly #flushQueued = (): void => {
    this.#queued = false
    this.flush()
  }

  /** Does now what is to be done at the end of the turn: the turn lasts. */
  hurry(): void {
    if (this.#wanted) this.flush()
  }

  /** Lets in what waits for room, sends what there is credit for, and asks for a word when there is more of it. */
  flush(): void {
    this.#context.deliveries.undisturbed(() => this.#flush())
  }

  #flush(): void {
    this.#wanted = false
    let asked: boolean
    let wanted: boolean
    do {
      if (this.#backlog.held > 0) this.#admitHeld()
      this.#send()
      wanted = this.#backlog.ready > 0
      asked = false
      for (const link of this.#links.values()) asked = link.askForRoom(wanted) || asked
      // Looked at once more after asking, because room may have been made just before.
    } while (wanted && asked)
    if (this.#backlog.ready > 0) this.#means.recall.overtake()
    else this.#means.recall.watchBalance()
    // Whoever was to be sent may have asked for a key.
    this.#means.keys.flush()
    if (this.#growth === null) return
    const open = this.#backlog.ready > 0 || [...this.#links.values()].some(link => link.outstanding > 0)
    this.#growth.flushed(this.#staying, open)
  }

  #admitHeld(): void {
    const { admission, queue } = this.#means
    const enter = (): boolean => queue.enter()
    for (const task of this.#backlog.admit(enter)) admission.accepted(task)
    if (this.#backlog.held === 0) return
    queue.wait()
    // A place may have been given back just before.
    for (const task of this.#backlog.admit(enter)) admission.accepted(task)
  }

  #send(): void {
    const { concurrency } = this.#terms
    const freeLink = (): LaneLink | undefined =>
      [...this.#links.values()].find(link => link.hasPlace(concurrency))
    while (this.#backlog.ready > 0) {
      const link = this.#leastLoaded()
      if (link === null) return
      const share = Math.ceil(this.#backlog.ready / this.#staying)
      if (!this.#means.outbox.send(link, Math.min(share, link.room(concurrency)), freeLink)) return
    }
  }

  /** How many threads may be sent to: those left out that are to go. */
  get #staying(): number {
    let count = 0
    for (const link of this.#links.values()) if (!link.leaving) count++
    return count
  }

  /** The thread that has the fewest tasks, of those that may have more; one that is blocked only if no other may. */
  #leastLoaded(): LaneLink | null {
    let best: LaneLink | null = null
    let load = Number.POSITIVE_INFINITY
    for (const link of this.#links.values()) {
      const own = link.outstanding + (link.block.isBlocked ? BEHIND_ALL : 0)
      if (own >= load || link.room(this.#terms.concurrency) <= 0) continue
      best = link
      load = own
    }
    return best
  }
}
