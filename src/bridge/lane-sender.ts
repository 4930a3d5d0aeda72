import { Admission } from '../core/admission.js'
import { Backlog } from '../core/backlog.js'
import { LaneError, TaskDroppedError } from '../core/errors.js'
import type { CallTarget, Task } from '../core/task.js'
import { CANCELED, FAILED, NEW, SCHEDULED, STARTED } from '../core/task-state.js'
import { Answers } from './answers.js'
import { CallTargets } from './call-targets.js'
import { encodeReason } from './error-codec.js'
import { Failure } from './failure.js'
import { LaneLink } from './lane-link.js'
import { LostThreads } from './lost-threads.js'
import { Outbox } from './outbox.js'
import type { Port } from './port.js'
import { Recall } from './recall.js'
import { Retries } from './retries.js'
import { RoomWatch } from './room-watch.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import { Settlement } from './settlement.js'
import { FLOAT, INT, RECALLED } from './shared-table.js'

/** How long the supervisor has to tell why a port closed, in milliseconds. */
const EXPLANATION_MS = 50

/**
 * One thread's tasks for one lane: the backlog of those not sent, the links to the lane's threads, and the way of a
 * task from one to the other and back.
 *
 * A task is in exactly one of these places:
 *
 * | place   | state               | enters by                               | leaves by                                   |
 * |---------|---------------------|-----------------------------------------|---------------------------------------------|
 * | backlog | see `Backlog`       | `submit`; `Recall`, `Retries`: from sent| `#flush`: to sent; `cancel`, its time's end |
 * | sent    | in the shared table | `#flush`, by the `Outbox`               | its answer, `cancel`, `lost`: settled, or   |
 * |         |                     |                                         | taken back, or retried: to the backlog      |
 * | settled | final               | `Settlement.finish` alone               |                                             |
 *
 * A task that was settled or taken back may leave its slot behind: the slot is freed by the lane's answer, or when its
 * thread has exited.
 */
export class LaneSender {
  readonly terms: LaneTerms
  readonly #context: SenderContext
  readonly #backlog: Backlog
  readonly #admission: Admission
  readonly #settlement: Settlement
  readonly #outbox: Outbox
  readonly #answers: Answers
  readonly #recall: Recall
  readonly #retries: Retries
  readonly #lost: LostThreads
  readonly #roomWatch: RoomWatch
  readonly #targets: CallTargets
  readonly #links = new Map<number, LaneLink>()
  #flushQueued = false
  #refusal: Error | null = null
  #failure: Error | null = null

  constructor(context: SenderContext, terms: LaneTerms) {
    const { clock } = context.environment
    this.#context = context
    this.terms = terms
    this.#targets = new CallTargets(terms.name)
    this.#backlog = new Backlog(clock, context.reminders, {
      becameReady: () => this.#queueFlush(),
      ranOut: task => this.#settlement.waitedTooLong(task),
      nextArrival: () => context.nextSequence(),
    })
    this.#admission = new Admission(terms.name, terms.overload, terms.queueLimit, {
      isFull: reserved => this.#isFull(reserved),
      isWaiting: task => this.#isWaiting(task),
      drop: task => this.#drop(task),
      waiting: () => this.#waitingTasks(),
      held: () => this.#backlog.held,
    })
    this.#settlement = new Settlement(context, {
      endTurn: task => this.#backlog.endTurn(task),
      settled: () => {
        if (this.#backlog.held > 0) this.#queueFlush()
      },
    })
    this.#retries = new Retries(clock, this.#backlog, task => this.#admission.accepted(task))
    this.#outbox = new Outbox(context, this.#backlog, this.#settlement, this.#targets)
    this.#answers = new Answers(context, this.#settlement, this.#retries)
    this.#roomWatch = new RoomWatch(clock, context.reminders, () => this.#flush())
    this.#recall = new Recall(context, terms, this.#links, this.#backlog, this.#outbox)
    this.#lost = new LostThreads(context, terms.name, this.#settlement, this.#retries, task =>
      this.#takenBack(task),
    )
  }

  /** The shared part of all calls of one name. */
  target(name: string): CallTarget {
    return this.#targets.get(name)
  }

  /** Tasks accepted and not started. */
  get waiting(): number {
    return this.#backlog.size + this.#context.sent.unstarted(this.terms.name).length
  }

  /**
   * Whether one more task is taken, thrown as an error if not. Separate from `submit`, because a refused task gets
   * no handle.
   *
   * @returns whether there is room for it, or it is to be submitted to wait for some
   * @throws QueueFullError, or what the lane or scheduler ended with
   */
  admit(): 'accept' | 'hold' {
    if (this.#refusal !== null) throw this.#refusal
    return this.#admission.ask(this.#context.environment.clock.now())
  }

  /** @param how what `admit` has answered just before */
  submit(task: Task, how: 'accept' | 'hold' = 'accept'): void {
    this.#context.began()
    if (how === 'hold') {
      this.#backlog.hold(task)
      this.#queueFlush()
      return
    }
    this.#backlog.add(task)
    this.#admission.accepted(task)
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
    if (table.state(id) === FAILED && this.#retries.areLeft(task)) {
      // The attempt has failed and the next has not been decided on: there will be none.
      this.#settlement.noteStart(task, id)
      this.#settlement.finish(task, CANCELED, Failure.of(error))
      return true
    }
    return false
  }

  /**
   * Changes the priority of a task that has not started; one that is sent is taken back for it.
   *
   * @returns false if it has started or ended, or its arguments were handed over
   */
  setPriority(task: Task, priority: number): boolean {
    if (task.dead) return false
    const extras = task.rareOptions()
    if (task.id !== 0) {
      if (extras.priority === priority) return this.stateOf(task) === SCHEDULED
      if (!this.#recall.takeBack(task)) return false
    }
    this.#backlog.reprioritize(task, priority)
    this.#queueFlush()
    return true
  }

  /** The state of a task now, whoever decided it. */
  stateOf(task: Task): number {
    if (task.id === 0) return task.state
    const state = this.#context.sent.table.state(task.id)
    // An attempt that failed is not the task's end if there is to be another.
    if (state === FAILED && this.#retries.areLeft(task)) return STARTED
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
        this.#flush()
      },
      () => this.#closed(link),
    )
    this.#flush()
  }

  segmentAdded(index: number, buffer: SharedArrayBuffer): void {
    for (const link of this.#links.values()) link.send({ type: 'segment', index, buffer })
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
    this.#lost.recover(thread, error)
    this.#queueFlush()
  }

  /** Nothing on the thread can touch its slots any more. */
  exited(thread: number): void {
    this.#lost.exited(thread)
  }

  loseAll(error: Error): void {
    for (const thread of [...this.#links.keys()]) this.lost(thread, error)
  }

  /** A sent task was timed out by the supervisor. */
  expired(id: number, task: Task): void {
    const { table } = this.#context.sent
    if (table.float(id, FLOAT.STARTED) !== 0) this.#links.get(table.int(id, INT.THREAD))?.condemn(id)
    this.#settlement.timedOut(task, id)
    this.#queueFlush()
  }

  /** Takes no more tasks; what it has goes on. @param error what later submits are refused with */
  refuse(error: Error): void {
    this.#refusal ??= error
  }

  /** There will be no more threads: what waits fails, and so does what comes back from a thread that is lost. */
  fail(error: Error): void {
    this.refuse(error)
    this.#failure ??= error
    this.#retries.end()
    for (const task of [...this.#backlog]) {
      // The callback of one may have cancelled the next.
      if (!task.dead) this.#finishUnsent(task, FAILED, Failure.of(error))
    }
  }

  /** Cancels all there is. @param errorOf makes the error of a task of this name */
  cancelAll(errorOf: (name: string) => Error): void {
    const sent = this.#context.sent.of(this.terms.name).map(({ task }) => task)
    for (const task of [...this.#backlog, ...sent]) {
      const error = errorOf(task.target.name)
      this.cancel(task, error, error)
    }
  }

  #isFull(reserved: number): boolean {
    const limit = this.terms.queueLimit - reserved
    let upperBound = this.#backlog.size
    for (const link of this.#links.values()) upperBound += link.load
    // The exact count reads every slot, so it is taken only where it could decide.
    return upperBound >= limit && this.waiting >= limit
  }

  #isWaiting(task: Task): boolean {
    return !task.dead && (task.id === 0 || this.#context.sent.table.state(task.id) === SCHEDULED)
  }

  *#waitingTasks(): Generator<Task> {
    for (const task of this.#backlog) if (task.state !== NEW) yield task
    yield* this.#context.sent.unstarted(this.terms.name)
  }

  #drop(task: Task): void {
    const error = new TaskDroppedError(task.target.name, this.terms.name)
    this.cancel(task, error, error)
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

  /** Lets in what waits for room, sends what there is credit for, and asks for a word when there is more of either. */
  #flush(): void {
    let asked: boolean
    let wanted: boolean
    do {
      if (this.#backlog.held > 0) this.#admitHeld()
      this.#send()
      wanted = this.#backlog.ready > 0 || this.#backlog.held > 0
      asked = false
      for (const link of this.#links.values()) asked = link.askForRoom(wanted) || asked
      // Looked at once more after asking, because room may have been made just before.
    } while (wanted && asked)
    if (this.#backlog.held > 0 && this.#links.size > 0) this.#roomWatch.arm()
    if (this.#backlog.ready > 0) this.#recall.overtake()
    else this.#recall.watchBalance()
  }

  #admitHeld(): void {
    const room = this.terms.queueLimit - this.waiting
    const admitted = this.#backlog.admit(room)
    if (admitted.length > 0) this.#roomWatch.found()
    for (const task of admitted) this.#admission.accepted(task)
  }

  #send(): void {
    const { concurrency } = this.terms
    const freeLink = (): LaneLink | undefined =>
      [...this.#links.values()].find(link => link.outstanding < concurrency && link.room(concurrency) > 0)
    while (this.#backlog.ready > 0) {
      const link = this.#leastLoaded()
      if (link === null) return
      const share = Math.ceil(this.#backlog.ready / this.#links.size)
      if (!this.#outbox.send(link, Math.min(share, link.room(concurrency)), freeLink)) return
    }
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

  /** A task is to be sent once more, after its thread was lost. */
  #takenBack(task: Task): void {
    if (this.#failure === null) this.#backlog.putBack(task)
    else this.#settlement.finish(task, FAILED, Failure.of(this.#failure))
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
    this.#backlog.remove(task)
    this.#settlement.finish(task, state, failure)
  }
}
