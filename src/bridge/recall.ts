import type { Backlog } from '../core/backlog.js'
import { goesBefore, isAged } from '../core/ready-queue.js'
import type { Task } from '../core/task.js'
import { SCHEDULED } from '../core/task-state.js'
import { type LaneLink, MOST_TAKEN_BACK } from './lane-link.js'
import type { Outbox } from './outbox.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import { INT, RECALLED } from './shared-table.js'

/**
 * A thread that has neither answered nor been sent anything for so long, and has tasks it has not started, is held by
 * one of them: its others may go elsewhere. In milliseconds.
 */
const REBALANCE_AFTER_MS = 1
/** Where no thread is free, and what frees one is the doing of others, one is looked for ever more seldom, down to this. */
const SELDOM_MS = 16

/**
 * Takes back tasks that were sent and have not started, and sends others, or sends them elsewhere.
 *
 * Whether a task has started is decided by one compare-and-exchange in the shared table, so a task that was taken back
 * never runs where it was, and one that runs is never taken back. Its old slot stays taken until the thread has
 * acknowledged it. Objects that were handed over cannot be sent twice, so a task with `transfer` is never taken back.
 */
export class Recall {
  readonly #context: SenderContext
  readonly #terms: LaneTerms
  readonly #links: ReadonlyMap<number, LaneLink>
  readonly #backlog: Backlog
  readonly #outbox: Outbox
  /** When it looks next whether tasks wait behind a held loop. */
  #lookAt = Number.POSITIVE_INFINITY
  #unwatch: () => void = () => {}
  #over = false

  constructor(
    context: SenderContext,
    terms: LaneTerms,
    links: ReadonlyMap<number, LaneLink>,
    backlog: Backlog,
    outbox: Outbox,
  ) {
    this.#context = context
    this.#terms = terms
    this.#links = links
    this.#backlog = backlog
    this.#outbox = outbox
  }

  /** There will be no other thread to send anything to: what is sent stays where it is, and shares its thread's end. */
  end(): void {
    this.#over = true
  }

  /** Takes a task back into the backlog; false if it has started, or cannot be sent again. */
  takeBack(task: Task): boolean {
    if (this.#over) return false
    const link = this.#linkOf(task)
    if (link === undefined || isTransferring(task)) return false
    if (!this.#context.sent.table.exchange(task.id, SCHEDULED, RECALLED)) return false
    link.takenBack++
    task.id = 0
    this.#backlog.putBack(task)
    return true
  }

  /** Lets what waits here and is more urgent than what was sent go in its place. */
  overtake(): void {
    const first = this.#backlog.peek()
    // Without options it could only be behind what was sent.
    if (first === null || first.extras === null || this.#links.size === 0) return
    const now = this.#context.environment.clock.now()
    const sent = this.#context.sent
      .unstarted(this.#terms.name)
      .filter(task => !isAged(task, now))
      .sort((a, b) => (goesBefore(a, b) ? 1 : -1))
    for (const last of sent) {
      const next = this.#backlog.peek()
      if (next === null || !goesBefore(next, last) || isTransferring(next)) return
      const link = this.#linkOf(last)
      if (link === undefined || link.takenBack >= MOST_TAKEN_BACK || !this.takeBack(last)) continue
      if (!this.#outbox.send(link, 1, () => undefined)) return
    }
  }

  /**
   * Sees to it that no task waits behind a held loop while another thread of the lane is free.
   *
   * @param pause milliseconds until the next look
   */
  watchBalance(pause = REBALANCE_AFTER_MS): void {
    if (this.#links.size < 2) return
    let free = false
    let loaded = false
    for (const link of this.#links.values()) {
      if (link.placed < this.#terms.concurrency) free = true
      if (link.load > 0) loaded = true
    }
    if (!loaded) return
    // What is taken now may be free without this sender being told: a task there begins to wait for others.
    const wait = free ? pause : SELDOM_MS
    const { reminders, environment } = this.#context
    const at = environment.clock.now() + wait
    if (at >= this.#lookAt) return
    this.#unwatch()
    this.#lookAt = at
    this.#unwatch = reminders.after(wait, () => {
      this.#lookAt = Number.POSITIVE_INFINITY
      this.#rebalance(wait)
    })
  }

  #rebalance(pause: number): void {
    const unstarted = new Map<LaneLink, Task[]>()
    for (const task of this.#context.sent.unstarted(this.#terms.name)) {
      const link = this.#linkOf(task)
      if (link === undefined || isTransferring(task)) continue
      const tasks = unstarted.get(link)
      if (tasks === undefined) unstarted.set(link, [task])
      else tasks.push(task)
    }
    const now = this.#context.environment.clock.now()
    const stuck = [...unstarted].filter(([link]) => now - link.movedAt >= REBALANCE_AFTER_MS)
    let next = stuck.length < unstarted.size ? REBALANCE_AFTER_MS : Number.POSITIVE_INFINITY
    for (const [, tasks] of stuck.sort((a, b) => b[1].length - a[1].length)) {
      const taker = [...this.#links.values()].find(link => !unstarted.has(link) && this.#isFree(link))
      if (taker === undefined) {
        next = Math.min(next, 2 * pause, SELDOM_MS)
        break
      }
      // The last in order, since the first will be the next to start where they are.
      tasks.sort((a, b) => (goesBefore(a, b) ? 1 : -1))
      const wanted = Math.min(Math.ceil(tasks.length / 2), taker.room(this.#terms.concurrency))
      const moved = tasks.slice(0, wanted).filter(task => this.takeBack(task)).length
      if (moved === 0) continue
      this.#outbox.send(taker, moved, () => undefined)
      next = REBALANCE_AFTER_MS
    }
    if (next < Number.POSITIVE_INFINITY) this.watchBalance(next)
  }

  /**
   * Who has yet to acknowledge what was taken back is held, too, whatever it shows: only the first stretch of a task shows
   * that. A task that was given to it would be taken back again, and given to the next that is held.
   */
  #isFree(link: LaneLink): boolean {
    const { takenBack, placed, block } = link
    if (takenBack > 0 || block.isBlocked || block.holder !== 0) return false
    const { concurrency } = this.#terms
    return placed < concurrency && link.room(concurrency) > 0
  }

  #linkOf(task: Task): LaneLink | undefined {
    return this.#links.get(this.#context.sent.table.int(task.id, INT.THREAD))
  }
}

function isTransferring(task: Task): boolean {
  return task.extras !== null && task.extras.transfer !== null
}
