import { dependencyFailure } from '../bridge/dependency-failure.js'
import { Failure } from '../bridge/failure.js'
import { Admission, type Admittance } from '../core/admission.js'
import { Backlog } from '../core/backlog.js'
import type { Epoch } from '../core/clock.js'
import { Endings } from '../core/endings.js'
import { DeadlockError, TaskDroppedError, TaskTimeoutError, type TimeLimit } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import { Retries } from '../core/retries.js'
import type { Task } from '../core/task.js'
import type { TaskRecord } from '../core/task-info.js'
import { CANCELED, DONE, FAILED, NEW, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'
import type { LaneRun } from './lane-run.js'
import type { LocalSurroundings, LocalTerms } from './local-terms.js'
import type { WaitingLane } from './local-waits.js'
import type { KeptLane } from './scheduler-connection.js'
import type { KeptSight, KeptWaits, TaskKeeper } from './task-keeper.js'
import type { LaneTasks } from './task-sight.js'
import { TurnSlice } from './turn-slice.js'

/**
 * A lane that its submitter's own thread keeps: the backlog, the admission, the retries and the endings of every other
 * lane, and in place of ports a number of places. What happens in a place is the business of its subclasses.
 *
 * | place    | state               | enters by                         | leaves by                                      |
 * |----------|---------------------|-----------------------------------|------------------------------------------------|
 * | backlog  | see `Backlog`       | `submit`; a retry                 | `begin`; `cancel`, its time's end              |
 * | in place | SCHEDULED, STARTED  | `begin`                           | `returned`, `cancel`, its limit: settled       |
 * | settled  | final               | `Endings.end` alone               |                                                |
 *
 * A task that is settled while its function goes on keeps its place, and its key's turn, until `left`: its function has
 * ended, or was given up.
 */
export abstract class LocalLane<R extends LaneRun> implements TaskKeeper, KeptLane, LaneTasks, WaitingLane {
  abstract readonly sight: KeptSight
  readonly waits: KeptWaits = { block: task => this.#refuseToBlock(task) }
  protected readonly terms: LocalTerms
  protected readonly surroundings: LocalSurroundings
  protected readonly backlog: Backlog
  protected readonly retries: Retries
  protected readonly slice: TurnSlice
  /** Those that have a place. */
  protected readonly runs = new Map<Task, R>()
  readonly #admission: Admission
  readonly #endings: Endings
  readonly #whenEmpty: (() => void)[] = []
  #refusal: Error | null = null
  /** Others were told of something, and may have taken their time, since the work has last looked at the clock. */
  #isBehind = false
  /** How many ignored their abort for the whole grace, and were given up. */
  abandoned = 0

  constructor(terms: LocalTerms, surroundings: LocalSurroundings) {
    const { clock, reminders, history, unfinished, waits } = surroundings
    this.terms = terms
    this.surroundings = surroundings
    this.slice = new TurnSlice(clock, surroundings, () => {
      this.#work()
      surroundings.worked?.()
    })
    this.backlog = new Backlog(clock, reminders, {
      becameReady: () => this.slice.wake(),
      leftQueue: () => {},
      ranOut: task => this.#waitedTooLong(task),
      dependencyFailed: (task, dependency) =>
        this.#endings.end(task, FAILED, dependencyFailure(task.target, dependency), clock.now()),
      nextArrival: () => unfinished.nextNumber(),
      turns: waits.dependencies.turns.of(terms.name),
    })
    this.#admission = new Admission(terms.name, terms.overload, terms.queueLimit, {
      enter: () => this.backlog.size < terms.queueLimit,
      isWaiting: task => !task.dead && this.runOf(task) === undefined,
      hasBegun: task => this.runOf(task) !== undefined,
      drop: task => this.#drop(task),
      waiting: () => this.#accepted(),
      held: () => this.backlog.unaccepted,
    })
    this.#endings = new Endings(history, {
      ended: task => {
        unfinished.ended()
        this.#admission.ended(task)
        if (task.extras !== null) {
          this.#isBehind = true
          if (this.runOf(task) === undefined) this.#endTurn(task)
        }
        if (this.backlog.held > 0) this.slice.wake()
      },
    })
    this.retries = new Retries(clock, this.backlog, task => this.#admission.accepted(task))
  }

  get name(): string {
    return this.terms.name
  }

  get epoch(): Epoch {
    return this.surroundings.epoch
  }

  get waiting(): number {
    return this.backlog.size + this.#sentIn(SCHEDULED)
  }

  get running(): number {
    return this.#sentIn(STARTED)
  }

  ended(state: number): number {
    return this.#endings.counts[state]!
  }

  /**
   * As `LaneSender.admit`.
   *
   * @param now the present instant
   * @throws QueueFullError, or what the scheduler ended with
   */
  admit(now: number): Admittance {
    if (this.#refusal !== null) throw this.#refusal
    return this.#admission.ask(now)
  }

  /** As `LaneSender.submit`. */
  submit(task: Task, how: Admittance): void {
    if (how === 'drop') this.#admission.makeRoom(this.surroundings.clock.now())
    this.surroundings.unfinished.began()
    if (how === 'hold') {
      this.backlog.hold(task)
      this.slice.wake()
    } else {
      this.backlog.add(task)
      this.#admission.accepted(task)
    }
    if (task.extras !== null && task.waitsFor > 0) this.surroundings.waits.dependencies.submitted(task)
  }

  cancel(task: Task, failure: Failure, reason?: unknown): boolean {
    return !task.dead && this.decide(task, CANCELED, failure, this.surroundings.clock.now(), reason)
  }

  setPriority(task: Task, priority: number): boolean {
    if (task.dead || this.runOf(task) !== undefined) return false
    task.rareOptions()
    this.backlog.reprioritize(task, priority)
    this.surroundings.waits.dependencies.moved(task)
    this.slice.wake()
    return true
  }

  inherit(task: Task, priority: number): void {
    if (!task.dead && this.backlog.inherit(task, priority, () => true)) this.slice.wake()
  }

  know(task: Task): void {
    this.backlog.know(task)
  }

  begun(): Iterable<Task> {
    return this.runs.keys()
  }

  stateOf(task: Task): number {
    return this.sight.recordOf(task).state
  }

  get reminders(): Reminders<() => void> {
    return this.surroundings.reminders
  }

  refuse(error: Error): void {
    this.#refusal ??= error
  }

  fail(error: Error): void {
    this.refuse(error)
    this.retries.end()
    this.untie()
    for (const task of [...this.backlog]) {
      // The callback of one may have cancelled the next.
      if (!task.dead) this.decide(task, FAILED, Failure.of(error), this.surroundings.clock.now())
    }
  }

  untie(): void {
    this.backlog.untie()
  }

  cancelAll(errorOf: (name: string) => Error): void {
    // What a thread has decided and not yet told cannot be cancelled, and is not to be run again.
    this.retries.end()
    for (const task of [...this.backlog, ...this.runs.keys()]) {
      const { name } = task.target
      this.cancel(
        task,
        Failure.later(() => errorOf(name)),
      )
    }
  }

  /** Resolves when nothing of any task goes on. */
  empty(): Promise<void> {
    return this.runs.size === 0 ? Promise.resolve() : new Promise(resolve => this.#whenEmpty.push(resolve))
  }

  abstract sent(): Iterable<TaskRecord>

  abstract holders(): Iterable<TaskRecord>

  unsent(): Iterable<Task> {
    return this.backlog
  }

  countUnsent(state: number): number {
    return this.backlog.countIn(state)
  }

  /** Whether another task may begin. */
  protected abstract get hasPlace(): boolean

  /**
   * Gives a place to a task that has just left the backlog.
   *
   * @param now the present instant
   * @returns the instant at which it has been done
   */
  protected abstract begin(task: Task, now: number): number

  /** The instant at which a run started, if it did. */
  protected abstract startOf(run: R): number | undefined

  /**
   * An outcome is about to be decided that is not the function's own.
   *
   * @returns false if the function has decided it before
   */
  protected abstract claim(run: R): boolean

  /**
   * The outcome was decided: what goes on is to end.
   *
   * @param reason what its AbortSignal is to carry; the failure's error if it is undefined
   */
  protected abstract halt(run: R, failure: Failure, reason: unknown): void

  /** Ends a task whose time is over, or is reminded when it will be. */
  protected abstract checkTime(run: R): void

  protected runOf(task: Task): R | undefined {
    return this.runs.get(task)
  }

  /** A task waits again that had a place and did not begin. */
  protected putBack(task: Task): void {
    this.backlog.putBack(task)
    this.#admission.accepted(task)
  }

  /** Sees to it that the run's time is checked at this instant. */
  protected watch(run: R, at: number): void {
    if (at === Number.POSITIVE_INFINITY) return
    run.expires = at
    run.expiry = this.surroundings.reminders.add(at, () => this.checkTime(run))
  }

  /** Sees to it that this is done when the run has had its grace, unless it has left by then. */
  protected afterGrace(run: R, call: () => void): void {
    const { clock, reminders } = this.surroundings
    // Its limit is of no interest any more.
    if (run.expiry !== null) reminders.cancel(run.expiry)
    run.expiry = reminders.add(clock.now() + this.terms.grace, call)
  }

  /** @returns whether somebody was told */
  protected reportStart(task: Task): boolean {
    const { extras } = task
    if (extras === null || extras.observer === null || extras.startReported) return false
    extras.startReported = true
    extras.observer.started(task)
    return true
  }

  /**
   * The one way to an outcome that is not the function's own.
   *
   * @returns whether it was decided here
   */
  protected decide(task: Task, state: number, failure: Failure, ended: number, reason?: unknown): boolean {
    const run = this.runOf(task)
    if (run === undefined) {
      this.backlog.remove(task)
      this.#endings.end(task, state, failure, ended)
      return true
    }
    if (!this.claim(run)) return false
    const started = this.startOf(run)
    this.#endings.end(task, state, failure, ended, started)
    // What goes on is looked at for as long as it does.
    task.keepInstants(started, ended)
    this.halt(run, failure, reason)
    return true
  }

  protected timeOut(task: Task, limit: TimeLimit, at: number): void {
    this.decide(task, TIMED_OUT, Failure.of(new TaskTimeoutError(task.target.name, limit)), at)
  }

  /**
   * What a task's function returned or threw decides its outcome, unless that was decided before.
   *
   * @param code that of the error, if nothing of it can throw
   */
  protected returned(run: R, verdict: number, value: unknown, now: number, code?: unknown): void {
    const { task } = run
    const started = this.startOf(run)!
    this.surroundings.timings.ran(now - started)
    this.left(run)
    if (task.dead) return
    if (verdict === DONE) {
      this.#endings.end(task, DONE, value, now, started)
      return
    }
    if (!this.retries.afterFailure(task, code))
      this.#endings.end(task, FAILED, Failure.of(value), now, started)
  }

  /** A task that is not settled has failed by what befell it. */
  protected failed(task: Task, error: unknown, now: number): void {
    this.#endings.end(task, FAILED, Failure.of(error), now)
  }

  /** Nothing of a run goes on. */
  protected left(run: R): void {
    const { task } = run
    run.over = true
    if (run.expiry !== null) this.surroundings.reminders.cancel(run.expiry)
    if (this.runs.size > 0) this.runs.delete(task)
    if (task.dead) this.#endTurn(task)
    if (this.#whenEmpty.length === 0 || this.runs.size > 0) return
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  #refuseToBlock({ target }: Task): void {
    const needed = `task '${target.name}' of lane '${this.name}'`
    throw new DeadlockError(['this thread', needed], 'its outcome comes by the event loop of that thread')
  }

  #sentIn(state: number): number {
    let count = 0
    for (const record of this.sent()) if (record.state === state) count++
    return count
  }

  #work(): void {
    let now = this.surroundings.clock.now()
    for (;;) {
      if (this.backlog.held > 0) this.#admitHeld()
      if (this.backlog.ready === 0 || !this.hasPlace) return
      now = this.#caughtUp(now)
      if (this.slice.isOver(now)) return
      const task = this.backlog.take(now)
      // If none is left because the time of all is over, those that wait for room have it now.
      if (task !== null) now = this.begin(task, this.#caughtUp(now))
    }
  }

  /** @param now the present instant, as far as it is known */
  #caughtUp(now: number): number {
    if (!this.#isBehind) return now
    this.#isBehind = false
    return this.surroundings.clock.now()
  }

  #admitHeld(): void {
    this.#isBehind = true
    const enter = (): boolean => this.backlog.size < this.terms.queueLimit
    for (const task of this.backlog.admit(enter)) this.#admission.accepted(task)
  }

  *#accepted(): Generator<Task> {
    for (const task of this.backlog) if (task.state !== NEW) yield task
  }

  #waitedTooLong(task: Task): void {
    const { deadline, waitUntil } = task.extras!
    const error = new TaskTimeoutError(task.target.name, deadline <= waitUntil ? 'deadline' : 'queueTimeout')
    this.#endings.end(task, TIMED_OUT, Failure.of(error), this.surroundings.clock.now())
  }

  #drop(task: Task): void {
    const { name, lane } = task.target
    const failure = Failure.later(() => new TaskDroppedError(name, lane))
    if (this.runOf(task) === undefined) this.cancel(task, failure)
  }

  #endTurn(task: Task): void {
    if (task.extras?.hasTurn === true) this.backlog.endTurn(task)
  }
}
