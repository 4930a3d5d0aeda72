import { LaneError, MultilaneError, QueueFullError } from '../core/errors.js'
import { ReadyQueue } from '../core/ready-queue.js'
import type { CallTarget, Task } from '../core/task.js'
import { CANCELED, FAILED, SCHEDULED, STARTED, SUBMITTED, TIMED_OUT } from '../core/task-state.js'
import { Answers } from './answers.js'
import { CallTargets } from './call-targets.js'
import { encodeReason } from './error-codec.js'
import { Failure } from './failure.js'
import { Growth } from './growth.js'
import { LaneLink } from './lane-link.js'
import { Outbox } from './outbox.js'
import type { Port } from './port.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import { Settlement } from './settlement.js'
import { FLOAT, INT, RECALLED } from './shared-table.js'

/** An idempotent task whose thread died is started this often in all. */
const MAX_ATTEMPTS = 3
/** How long the supervisor has to tell why a port closed, in milliseconds. */
const EXPLANATION_MS = 50

/**
 * One thread's tasks for one lane: the queue of those not sent, the links to the lane's threads, and the way of a
 * task from one to the other and back.
 *
 * A task is in exactly one of these places:
 *
 * | place    | state                | enters by                      | leaves by                                     |
 * |----------|----------------------|--------------------------------|-----------------------------------------------|
 * | delayed  | SCHEDULED            | `submit` with a delay          | `#remind`: to ready, or settled               |
 * | ready    | SUBMITTED            | `submit`, `#remind`, `#return` | `#flush`: to sent; `cancel`, `#remind`        |
 * | sent     | in the shared table  | `#flush`                       | its answer, `cancel`, `#recover`: settled, or |
 * |          |                      |                                | `#return`: to ready                           |
 * | settled  | final                | `Settlement.finish` alone      |                                               |
 *
 * A settled task may leave its slot behind: the slot is freed by the lane's answer, or when its thread has exited.
 */
export class LaneSender {
  readonly terms: LaneTerms
  readonly #context: SenderContext
  readonly #settlement: Settlement
  readonly #outbox: Outbox
  readonly #answers: Answers
  readonly #targets: CallTargets
  readonly #ready = new ReadyQueue<Task>()
  /** Null if the lane always has the same number of threads. */
  readonly #growth: Growth | null
  readonly #delayed = new Set<Task>()
  readonly #links = new Map<number, LaneLink>()
  /** Slots of lost threads that have not exited yet. */
  readonly #quarantine = new Map<number, number[]>()
  #flushQueued = false
  #refusal: Error | null = null
  #failure: Error | null = null

  constructor(context: SenderContext, terms: LaneTerms) {
    this.#context = context
    this.terms = terms
    this.#targets = new CallTargets(terms.name)
    this.#growth = terms.threads.max > terms.threads.min ? new Growth(terms, context, this.#ready) : null
    this.#settlement = new Settlement(context)
    this.#outbox = new Outbox(context, this.#settlement, this.#targets)
    this.#answers = new Answers(context, this.#settlement)
  }

  /** The shared part of all calls of one name. */
  target(name: string): CallTarget {
    return this.#targets.get(name)
  }

  /** Tasks accepted and not started. */
  get waiting(): number {
    const { table } = this.#context.sent
    const sent = this.#context.sent.of(this.terms.name).filter(({ id }) => table.state(id) === SCHEDULED)
    return this.#ready.size + this.#delayed.size + sent.length
  }

  /**
   * Whether one more task is taken, thrown as an error if not. Separate from `submit`, because a refused task gets
   * no handle.
   *
   * @throws QueueFullError, or what the lane or scheduler ended with
   */
  admit(): void {
    if (this.#refusal !== null) throw this.#refusal
    const limit = this.terms.queueLimit
    let upperBound = this.#ready.size + this.#delayed.size
    for (const link of this.#links.values()) upperBound += link.outstanding
    // The exact count reads every slot, so it is taken only where it could decide.
    if (upperBound >= limit && this.waiting >= limit) throw new QueueFullError(this.terms.name, limit)
  }

  submit(task: Task): void {
    this.#context.began()
    if (task.extras !== null && task.extras.notBefore > task.submitted) {
      task.enter(SCHEDULED)
      this.#delayed.add(task)
      this.#remindOf(task)
      return
    }
    task.enter(SUBMITTED)
    if (task.extras !== null) this.#remindOf(task)
    this.#ready.push(task)
    this.#queueFlush()
  }

  /**
   * Decides a task's outcome from outside, at once and whatever its lane is doing.
   *
   * @param reason what a running task's AbortSignal is to carry
   * @returns whether this call was the one that decided
   */
  cancel(task: Task, error: unknown, reason: unknown): boolean {
    if (task.dead) return false
    const id = task.id
    if (id === 0) {
      this.#finishUnsent(task, CANCELED, Failure.of(error))
      return true
    }
    const { table } = this.#context.sent
    if (table.exchange(id, SCHEDULED, CANCELED)) {
      this.#settlement.finish(task, CANCELED, Failure.of(error))
      return true
    }
    if (table.exchange(id, STARTED, CANCELED)) {
      this.#links.get(table.int(id, INT.THREAD))?.condemn(id)
      this.#settlement.noteStart(task, id)
      this.#settlement.finish(task, CANCELED, Failure.of(error))
      this.#context.tell({ type: 'canceled', id, reason: encodeReason(reason) })
      return true
    }
    return false
  }

  /** The state of a task now, whoever decided it. */
  stateOf(task: Task): number {
    if (task.id === 0) return task.state
    const state = this.#context.sent.table.state(task.id)
    return state === RECALLED || state < 0 ? task.state : state
  }

  /** The instant a task started, or undefined. */
  startOf(task: Task): number | undefined {
    if (task.started !== undefined || task.id === 0) return task.started
    return this.#context.sent.table.float(task.id, FLOAT.STARTED) || undefined
  }

  /** Calls back after so many milliseconds, unless the function that is returned is called first. */
  remindMeAfter(delay: number, call: () => void): () => void {
    const { reminders, environment } = this.#context
    const entry = reminders.add(environment.clock.now() + delay, call)
    return () => reminders.cancel(entry)
  }

  joined(thread: number, port: Port, block: SharedArrayBuffer, names: readonly string[]): void {
    const link = new LaneLink(thread, port, block)
    this.#links.set(thread, link)
    this.#targets.learn(names)
    this.#context.sent.table.buffers.forEach((buffer, index) => {
      link.send({ type: 'segment', index, buffer })
    })
    port.listen(
      message => {
        if (this.#links.get(thread) !== link) return
        this.#answers.receive(link, message)
        this.#releaseIfDone(link)
        this.#flush()
      },
      () => this.#closed(link),
    )
    this.#flush()
  }

  segmentAdded(index: number, buffer: SharedArrayBuffer): void {
    for (const link of this.#links.values()) link.send({ type: 'segment', index, buffer })
  }

  /** A thread is to go: it gets nothing more, and is released when it has answered all it has. */
  leaving(thread: number): void {
    const link = this.#links.get(thread)
    if (link === undefined) {
      this.#context.tell({ type: 'released', lane: this.terms.name, thread })
      return
    }
    link.leaving = true
    this.#releaseIfDone(link)
  }

  #releaseIfDone(link: LaneLink): void {
    if (!link.leaving || link.outstanding > 0) return
    this.#links.delete(link.thread)
    link.port.close()
    this.#context.tell({ type: 'released', lane: this.terms.name, thread: link.thread })
    this.#queueFlush()
  }

  /** A thread is lost: what it answered still counts, what it had started fails, what it had not moves. */
  lost(thread: number, error: Error): void {
    const link = this.#links.get(thread)
    if (link === undefined) return
    for (let next = link.port.take(); next !== undefined; next = link.port.take()) {
      this.#answers.receive(link, next.message)
    }
    this.#links.delete(thread)
    link.port.close()
    const { sent } = this.#context
    const there = sent.of(this.terms.name).filter(({ id }) => sent.table.int(id, INT.THREAD) === thread)
    const ids = there.map(({ id }) => id)
    this.#quarantine.set(thread, ids)
    for (const { id, task } of there) if (!task.dead) this.#recover(id, task, error)
    this.#queueFlush()
  }

  /** Nothing on the thread can touch its slots any more. */
  exited(thread: number): void {
    for (const id of this.#quarantine.get(thread) ?? []) this.#context.sent.release(id)
    this.#quarantine.delete(thread)
  }

  loseAll(error: Error): void {
    for (const thread of [...this.#links.keys()]) this.lost(thread, error)
  }

  /** A sent task was timed out by the supervisor. */
  expired(id: number, task: Task): void {
    const { table } = this.#context.sent
    if (table.float(id, FLOAT.STARTED) !== 0) this.#links.get(table.int(id, INT.THREAD))?.condemn(id)
    this.#settlement.timedOut(task, id)
  }

  /** Takes no more tasks; what it has goes on. @param error what later submits are refused with */
  refuse(error: Error): void {
    this.#refusal ??= error
  }

  /** There will be no more threads: what waits fails, and so does what comes back from a thread that is lost. */
  fail(error: Error): void {
    this.refuse(error)
    this.#failure ??= error
    for (const task of [...this.#ready, ...this.#delayed]) {
      // The callback of one may have cancelled the next.
      if (!task.dead) this.#finishUnsent(task, FAILED, Failure.of(error))
    }
  }

  /** Cancels all there is. @param errorOf makes the error of a task of this name */
  cancelAll(errorOf: (name: string) => Error): void {
    const sent = this.#context.sent.of(this.terms.name).map(({ task }) => task)
    for (const task of [...this.#ready, ...this.#delayed, ...sent]) {
      const error = errorOf(task.target.name)
      this.cancel(task, error, error)
    }
  }

  /** A reminder of a task that is not sent is due: its delay is over, or a limit of its waiting. */
  #remind(task: Task): void {
    const extras = task.extras!
    extras.timer = null
    const now = this.#context.environment.clock.now()
    if (extras.expires <= now) {
      const wasDelayed = this.#delayed.delete(task)
      this.#settlement.waitedTooLong(task)
      if (!wasDelayed) this.#ready.discard()
      return
    }
    if (this.#delayed.has(task) && extras.notBefore <= now) {
      this.#delayed.delete(task)
      task.enter(SUBMITTED)
      this.#ready.push(task)
      this.#queueFlush()
    }
    this.#remindOf(task)
  }

  #remindOf(task: Task): void {
    const extras = task.extras!
    const at = this.#delayed.has(task) ? Math.min(extras.notBefore, extras.expires) : extras.expires
    if (at !== Number.POSITIVE_INFINITY)
      extras.timer = this.#context.reminders.add(at, () => this.#remind(task))
  }

  #queueFlush(): void {
    if (this.#flushQueued) return
    this.#flushQueued = true
    this.#context.environment.defer(this.#flushDeferred)
  }

  readonly #flushDeferred = (): void => {
    this.#flushQueued = false
    this.#flush()
  }

  #flush(): void {
    this.#sendReady()
    if (this.#growth === null) return
    const open = this.#ready.size > 0 || [...this.#links.values()].some(link => link.outstanding > 0)
    this.#growth.flushed(this.#links.size, open)
  }

  /** Sends what there is credit for, and asks for a word when there is more. */
  #sendReady(): void {
    const { concurrency } = this.terms
    const freeLink = (): LaneLink | undefined =>
      [...this.#links.values()].find(link => link.outstanding < concurrency && link.room(concurrency) > 0)
    while (this.#ready.size > 0) {
      const link = this.#leastLoaded()
      if (link !== null) {
        const share = Math.ceil(this.#ready.size / this.#links.size)
        if (!this.#outbox.send(this.#ready, link, Math.min(share, link.room(concurrency)), freeLink)) return
        continue
      }
      let asked = false
      for (const candidate of this.#links.values()) asked = candidate.askForRoom(true) || asked
      if (!asked) return
    }
    for (const link of this.#links.values()) link.askForRoom(false)
  }

  /** The thread that has the fewest tasks, of those that may have more. */
  #leastLoaded(): LaneLink | null {
    let best: LaneLink | null = null
    for (const link of this.#links.values()) {
      if (best !== null && link.outstanding >= best.outstanding) continue
      if (link.room(this.terms.concurrency) > 0) best = link
    }
    return best
  }

  /** Settles or takes back what was on a thread that is lost. */
  #recover(id: number, task: Task, error: Error): void {
    const { table } = this.#context.sent
    const { name } = task.target
    if (table.exchange(id, SCHEDULED, RECALLED)) {
      if (task.extras === null || task.extras.transfer === null) {
        this.#return(task)
        return
      }
      const message = `the thread that had been handed the arguments of '${name}' died before it started it`
      const lost = new MultilaneError('ERR_TRANSFER_LOST', message, { cause: error })
      this.#settlement.finish(task, FAILED, Failure.of(lost))
    } else if (table.exchange(id, STARTED, FAILED)) {
      this.#settlement.noteStart(task, id)
      if (task.extras?.idempotent === true && task.extras.attempt < MAX_ATTEMPTS) this.#retry(task)
      else this.#settlement.finish(task, FAILED, Failure.of(error))
    } else if (table.state(id) === TIMED_OUT) {
      this.#settlement.timedOut(task, id)
    } else {
      // Answered, but the answer never arrived: it died with the thread.
      this.#settlement.finish(task, FAILED, Failure.of(error))
    }
  }

  #retry(task: Task): void {
    task.extras!.attempt++
    task.started = undefined
    task.enter(STARTED)
    task.enter(SCHEDULED)
    this.#return(task)
  }

  #return(task: Task): void {
    task.id = 0
    if (this.#failure !== null) {
      this.#settlement.finish(task, FAILED, Failure.of(this.#failure))
      return
    }
    task.enter(SUBMITTED)
    if (task.extras !== null) this.#remindOf(task)
    this.#ready.restore(task)
  }

  #closed(link: LaneLink): void {
    if (this.#links.get(link.thread) !== link) return
    this.#context.environment.timers.after(EXPLANATION_MS, () => {
      if (this.#links.get(link.thread) !== link) return
      const { name } = this.terms
      this.lost(
        link.thread,
        new LaneError('ERR_LANE_CLOSED', name, `the port to a thread of lane '${name}' closed`),
      )
      this.#context.tell({ type: 'link-lost', lane: name, thread: link.thread })
    })
  }

  #finishUnsent(task: Task, state: number, failure: Failure): void {
    const wasDelayed = this.#delayed.delete(task)
    this.#settlement.finish(task, state, failure)
    if (!wasDelayed) this.#ready.discard()
  }
}
