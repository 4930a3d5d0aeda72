import { Admission, type Admittance } from '../core/admission.js'
import { Backlog, OUTSIDE } from '../core/backlog.js'
import { TaskDroppedError } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import { Retries } from '../core/retries.js'
import type { CallTarget, Task } from '../core/task.js'
import { CANCELED, FAILED, NEW, SCHEDULED, STARTED } from '../core/task-state.js'
import { Answers } from './answers.js'
import { CallTargets } from './call-targets.js'
import { Dispatch } from './dispatch.js'
import { encodeReason } from './error-codec.js'
import { Failure } from './failure.js'
import { LaneCrew } from './lane-crew.js'
import { LaneKeys } from './lane-keys.js'
import { LaneLinks } from './lane-links.js'
import { LaneQueue } from './lane-queue.js'
import { LaneSight } from './lane-sight.js'
import { LaneWaits } from './lane-waits.js'
import type { Lending } from './lending.js'
import { LostThreads } from './lost-threads.js'
import { Outbox } from './outbox.js'
import { Recall } from './recall.js'
import { Reordering } from './reordering.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import { Settlement } from './settlement.js'
import { FLOAT, INT, RECALLED } from './shared-table.js'
import { UnreadMessages } from './unread-messages.js'

/**
 * One thread's tasks for one lane: the backlog of those not sent, the links to the lane's threads, and the way of a
 * task from one to the other and back.
 *
 * A task is in exactly one of these places:
 *
 * | place   | state               | enters by                               | leaves by                                   |
 * |---------|---------------------|-----------------------------------------|---------------------------------------------|
 * | backlog | see `Backlog`       | `submit`; `Recall`, `Retries`: from sent| `Dispatch`: to sent; `cancel`, its time's end |
 * | sent    | in the shared table | `Dispatch`, by the `Outbox`            | its answer, `cancel`, `lost`: settled, or   |
 * |         |                     |                                         | taken back, or retried: to the backlog      |
 * | settled | final               | `Settlement.finish` alone               |                                             |
 *
 * Of one that was settled or taken back the slot may be left, until the lane has answered it or its thread has exited.
 */
export class LaneSender {
  readonly terms: LaneTerms
  /** What there is to be seen of its tasks. */
  readonly sight: LaneSight
  /** The threads of the lane that it is connected with. */
  readonly links = new LaneLinks()
  /** How these come and go. */
  readonly crew: LaneCrew
  readonly waits: LaneWaits
  readonly order: Reordering
  readonly queue: LaneQueue
  readonly keys: LaneKeys
  /** How handles of its tasks are handed to other threads. */
  readonly lending: Lending
  readonly reminders: Reminders<() => void>
  readonly #context: SenderContext
  readonly #backlog: Backlog
  readonly #admission: Admission
  readonly #settlement: Settlement
  readonly #outbox: Outbox
  readonly #recall: Recall
  readonly #dispatch: Dispatch
  readonly #retries: Retries
  readonly #targets: CallTargets
  /** Why the scheduler takes no more tasks, if that is so. */
  #refusal: Error | null = null
  /** Why the lane can run none, if that is so. */
  #failure: Error | null = null

  constructor(context: SenderContext, terms: LaneTerms) {
    const { clock } = context.environment
    this.#context = context
    this.terms = terms
    this.lending = context.exports
    this.reminders = context.reminders
    this.queue = new LaneQueue(context, terms)
    this.keys = new LaneKeys(context, terms, {
      turns: () => this.#backlog.turns,
      queueFlush: () => this.#dispatch.queueFlush(),
    })
    this.#targets = new CallTargets(terms.name, context)
    this.#backlog = new Backlog(clock, context.reminders, {
      becameReady: () => this.#dispatch.queueFlush(),
      leftQueue: () => this.queue.left(),
      ranOut: task => this.#settlement.waitedTooLong(task),
      dependencyFailed: (task, dependency) => this.#settlement.dependencyFailed(task, dependency),
      nextArrival: () => context.nextSequence(),
      turns: context.dependencies.turns.of(terms.name),
      keys: this.keys,
    })
    this.#admission = new Admission(terms.name, terms.overload, terms.queueLimit, {
      enter: () => this.queue.enter(),
      isWaiting: task => this.#isWaiting(task),
      hasBegun: task => this.#hasBegun(task),
      drop: task => this.#drop(task),
      waiting: () => this.#waitingTasks(),
      held: () => this.#backlog.unaccepted,
    })
    this.#settlement = new Settlement(context, {
      endTurn: task => this.#backlog.endTurn(task),
      mayRunAgain: task => this.#backlog.resume(task),
      settled: task => {
        this.#admission.ended(task)
        this.roomInQueue()
      },
      leftQueue: () => this.queue.left(),
    })
    this.#retries = new Retries(clock, this.#backlog, task => {
      this.queue.enterAgain()
      this.#admission.accepted(task)
    })
    this.#outbox = new Outbox(context, terms, this.#backlog, this.#settlement, this.#targets)
    const unread = new UnreadMessages(context, terms.name, {
      settlement: this.#settlement,
      retries: this.#retries,
      outbox: this.#outbox,
      takenBack: task => this.#takenBack(task),
    })
    const answers = new Answers(context, this.#settlement, this.#retries, unread)
    this.#recall = new Recall(context, terms, this.links, this.#backlog, this.#outbox)
    this.#dispatch = new Dispatch(context, terms, this.links, this.#backlog, {
      admission: this.#admission,
      queue: this.queue,
      keys: this.keys,
      outbox: this.#outbox,
      recall: this.#recall,
    })
    this.order = new Reordering(context, this.#backlog, this.#recall, this.#dispatch)
    const lost = new LostThreads(context, terms.name, this.#settlement, this.#retries, task =>
      this.#takenBack(task),
    )
    this.waits = new LaneWaits(context, terms, {
      links: this.links,
      dispatch: this.#dispatch,
      recall: this.#recall,
      receive: (link, message) => this.crew.hear(link, message),
      closed: link => this.crew.closed(link),
    })
    this.crew = new LaneCrew(context, terms.name, {
      links: this.links,
      waits: this.waits,
      dispatch: this.#dispatch,
      recall: this.#recall,
      targets: this.#targets,
      answers,
      lost,
    })
    this.sight = new LaneSight(terms.name, {
      sent: context.sent,
      backlog: this.#backlog,
      links: this.links,
      retries: this.#retries,
      awaited: context.awaited,
    })
  }

  /** The shared part of all calls of one name. */
  target(name: string): CallTarget {
    return this.#targets.get(name)
  }

  /** Tasks accepted and not started. */
  get waiting(): number {
    return this.#backlog.size + this.#context.sent.unstarted(this.terms.name).length
  }

  /** Tasks started and not finished, as the shared table says now. */
  get running(): number {
    const { table } = this.#context.sent
    return this.#context.sent.of(this.terms.name).filter(({ id }) => table.state(id) === STARTED).length
  }

  /** Those that are sent. */
  *begun(): Generator<Task> {
    for (const { task } of this.#context.sent.of(this.terms.name)) yield task
  }

  /** How many tasks have ended in a final state, given by its number. */
  ended(state: number): number {
    return this.#settlement.ended[state]!
  }

  /**
   * Whether one more task is taken, thrown as an error if not. Separate from `submit`, because a refused task gets
   * no handle.
   *
   * @returns whether there is room for it, or it is to be submitted to wait for some, or in the place of others
   * @throws QueueFullError, or what the lane or scheduler ended with
   */
  admit(): Admittance {
    const refusal = this.#refusal ?? this.#failure
    if (refusal !== null) throw refusal
    return this.#admission.ask(this.#context.environment.clock.now())
  }

  /**
   * @param how what `admit` has answered just before
   * @throws QueueFullError if it is to be in the place of others, and there are none
   */
  submit(task: Task, how: Admittance = 'accept'): void {
    if (how === 'drop') this.#admission.makeRoom(this.#context.environment.clock.now())
    this.#context.began()
    if (how === 'hold') {
      this.#backlog.hold(task)
      this.#dispatch.queueFlush()
    } else {
      this.#backlog.add(task)
      this.#admission.accepted(task)
    }
    if (task.waitsFor > 0) this.#context.dependencies.submitted(task)
  }

  /**
   * Decides a task's outcome from outside, at once and whatever its lane is doing.
   *
   * @param failure what it ends with
   * @param reason what a running task's AbortSignal is to carry; if undefined, the error of the failure
   * @returns whether this call was the one that decided
   */
  cancel(task: Task, failure: Failure, reason?: unknown): boolean {
    if (task.dead) return false
    return this.#context.deliveries.undisturbed(() => this.#cancel(task, failure, reason))
  }

  #cancel(task: Task, failure: Failure, reason: unknown): boolean {
    if (this.#endWaiting(task, failure)) return true
    const { id } = task
    const { table } = this.#context.sent
    // Accessors of the reason may do anything, with this very task too, so nothing is decided before they are done.
    const encoded = encodeReason(reason === undefined ? failure.error() : reason)
    if (task.dead) return false
    // By then it is to be run again: it has another slot, or none.
    if (task.id !== id) return this.#cancel(task, failure, reason)
    if (table.exchange(id, STARTED, CANCELED)) {
      this.links.get(table.int(id, INT.THREAD))?.condemn(id)
      this.#context.tell({ type: 'canceled', id, reason: encoded })
      this.#settlement.noteStart(task, id)
      this.#settlement.finish(task, CANCELED, failure)
      return true
    }
    if (table.state(id) === FAILED && this.#retries.areLeft(task)) {
      // The attempt has failed and the next has not been decided on: there will be none.
      this.#settlement.noteStart(task, id)
      this.#settlement.finish(task, CANCELED, failure)
      return true
    }
    return false
  }

  /** @returns false if it has started or ended, its arguments were handed over, or its lane has failed */
  setPriority(task: Task, priority: number): boolean {
    return this.order.setPriority(task, priority)
  }

  /** The state of a task now, whoever decided it. */
  stateOf(task: Task): number {
    if (task.id === 0) return task.state
    const state = this.#context.sent.table.state(task.id)
    // An attempt that failed is not the task's end if there is to be another.
    if (state === FAILED && this.#retries.areLeft(task)) return STARTED
    return state === RECALLED || state < 0 ? task.state : state
  }

  /** A sent task was timed out by the supervisor. */
  expired(id: number, task: Task): void {
    const { table } = this.#context.sent
    if (table.float(id, FLOAT.STARTED) !== 0) this.links.get(table.int(id, INT.THREAD))?.condemn(id)
    this.#settlement.timedOut(task, id)
    this.#dispatch.queueFlush()
  }

  /** Takes no more tasks; what it has goes on. @param error what later submits are refused with */
  refuse(error: Error): void {
    this.#refusal = error
  }

  /** There will be no more threads: what waits fails, and so does what comes back from a thread that is lost. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#retries.end()
    this.#recall.end()
    this.untie()
    for (const task of [...this.#backlog]) {
      // The callback of one may have cancelled the next.
      if (!task.dead) this.#finishUnsent(task, FAILED, Failure.of(error))
    }
  }

  /** Its tasks are about to be ended, each by itself, and none of another's end. */
  untie(): void {
    this.#backlog.untie()
  }

  /** Cancels all there is. @param errorOf makes the error of a task of this name */
  cancelAll(errorOf: (name: string) => Error): void {
    const sent = this.#context.sent.of(this.terms.name).map(({ task }) => task)
    for (const task of [...this.#backlog, ...sent]) {
      const { name } = task.target
      const failure = Failure.later(() => errorOf(name))
      this.cancel(task, failure)
    }
  }

  /** There may be room in the lane's queue again. */
  roomInQueue(): void {
    if (this.#backlog.held > 0) this.#dispatch.queueFlush()
  }

  #isWaiting(task: Task): boolean {
    return !task.dead && (task.id === 0 || this.#context.sent.table.state(task.id) === SCHEDULED)
  }

  #hasBegun({ dead, id }: Task): boolean {
    if (dead || id === 0) return dead
    const state = this.#context.sent.table.state(id)
    return state >= STARTED && state !== RECALLED
  }

  *#waitingTasks(): Generator<Task> {
    for (const task of this.#backlog) if (task.state !== NEW) yield task
    yield* this.#context.sent.unstarted(this.terms.name)
  }

  #drop(task: Task): void {
    const { name, lane } = task.target
    const failure = Failure.later(() => new TaskDroppedError(name, lane))
    // One that has started meanwhile has given its place up, and is not to be ended for the sake of room.
    if (!task.dead) this.#endWaiting(task, failure)
  }

  /** @returns false if it does not wait */
  #endWaiting(task: Task, failure: Failure): boolean {
    if (task.id === 0) return this.#finishUnsent(task, CANCELED, failure)
    if (!this.queue.end(task.id, CANCELED)) return false
    this.#settlement.finish(task, CANCELED, failure)
    return true
  }

  /** A task is to be sent once more, after its thread was lost. */
  #takenBack(task: Task): void {
    if (this.#failure === null) this.#backlog.putBack(task)
    else this.#settlement.finishUnstarted(task, FAILED, Failure.of(this.#failure))
  }

  #finishUnsent(task: Task, state: number, failure: Failure): true {
    // On the way out, and a callback of another has ended it.
    if (task.place === OUTSIDE) this.#settlement.finishUnstarted(task, state, failure)
    else {
      this.#backlog.remove(task)
      this.#settlement.finish(task, state, failure)
    }
    return true
  }
}
