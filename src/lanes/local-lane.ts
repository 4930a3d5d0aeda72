import { Failure } from '../bridge/failure.js'
import { Admission, type OverloadPolicy } from '../core/admission.js'
import { Backlog } from '../core/backlog.js'
import type { Clock, Epoch } from '../core/clock.js'
import { Endings } from '../core/endings.js'
import { TaskDroppedError, TaskThrewError, TaskTimeoutError, type TimeLimit } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import { Retries } from '../core/retries.js'
import type { Task, TaskExtras } from '../core/task.js'
import type { TaskHistory } from '../core/task-history.js'
import { CANCELED, DONE, FAILED, NEW, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'
import type { UnfinishedTasks } from '../core/unfinished.js'
import { LocalRun } from './local-run.js'
import type { TaskTimings } from './run-loop.js'
import type { KeptLane } from './scheduler-connection.js'
import type { TaskKeeper } from './task-keeper.js'
import type { LaneTasks } from './task-sight.js'
import { TurnSlice } from './turn-slice.js'

/** What a lane on the submitter's own loop needs of its surroundings. */
export interface LocalSurroundings {
  readonly clock: Clock
  readonly epoch: Epoch
  readonly reminders: Reminders<() => void>
  readonly history: TaskHistory
  readonly unfinished: UnfinishedTasks
  readonly timings: TaskTimings
  microtask(call: () => void): void
  nextTurn(call: () => void): void
  /** Calls the task's function. */
  invoke(run: LocalRun): unknown
  /** A task held the loop for longer than the lane lets pass unreported. @param held milliseconds */
  slow(task: Task, held: number): void
}

export interface LocalTerms {
  readonly name: string
  /** Tasks at a time. */
  readonly concurrency: number
  readonly queueLimit: number
  readonly overload: OverloadPolicy
  /** Milliseconds from an abort to giving a task up. */
  readonly grace: number
  /** Milliseconds; may be Infinity. */
  readonly slowCallback: number
}

/**
 * A lane on the loop of whoever submits to it: the backlog, the admission and the endings of every other lane, and in
 * place of threads a number of places on the loop.
 *
 * | place    | state           | enters by                         | leaves by                                          |
 * |----------|-----------------|-----------------------------------|----------------------------------------------------|
 * | backlog  | see `Backlog`   | `submit`; a retry                 | `#begin`; `cancel`, its time's end                 |
 * | on loop  | STARTED         | `#begin`                          | its function's end, `cancel`, its limit: settled   |
 * | settled  | final           | `Endings.end` alone               |                                                    |
 *
 * A task that is settled while its function goes on keeps its place, and its key's turn, until the function has ended
 * or has ignored its abort for `grace`: then it is given up.
 */
export class LocalLane implements TaskKeeper, KeptLane, LaneTasks {
  readonly terms: LocalTerms
  readonly sight = { recordOf: (task: Task) => task, reportStart: () => {} }
  readonly #surroundings: LocalSurroundings
  readonly #clock: Clock
  readonly #backlog: Backlog
  readonly #admission: Admission
  readonly #endings: Endings
  readonly #retries: Retries
  readonly #slice: TurnSlice
  /** Those that have returned a promise and go on. */
  readonly #runs = new Map<Task, LocalRun>()
  /** The one that holds the loop. */
  #holder: LocalRun | null = null
  readonly #whenEmpty: (() => void)[] = []
  #refusal: Error | null = null
  /** How many ignored their abort for the whole grace. */
  abandoned = 0

  constructor(terms: LocalTerms, surroundings: LocalSurroundings) {
    const { clock, reminders, history, unfinished } = surroundings
    this.terms = terms
    this.#surroundings = surroundings
    this.#clock = clock
    this.#slice = new TurnSlice(clock, surroundings, () => this.#work())
    this.#backlog = new Backlog(clock, reminders, {
      becameReady: () => this.#slice.wake(),
      ranOut: task => this.#waitedTooLong(task),
      nextArrival: () => unfinished.nextNumber(),
    })
    this.#admission = new Admission(terms.name, terms.overload, terms.queueLimit, {
      isFull: reserved => this.#backlog.size >= terms.queueLimit - reserved,
      isWaiting: task => !task.dead && this.#runOf(task) === undefined,
      drop: task => this.#drop(task),
      waiting: () => this.#accepted(),
      held: () => this.#backlog.held,
    })
    this.#endings = new Endings(history, {
      ended: task => {
        unfinished.ended()
        if (this.#runOf(task) === undefined) this.#endTurn(task)
        if (this.#backlog.held > 0) this.#slice.wake()
      },
    })
    this.#retries = new Retries(clock, this.#backlog, task => this.#admission.accepted(task))
  }

  get name(): string {
    return this.terms.name
  }

  get epoch(): Epoch {
    return this.#surroundings.epoch
  }

  get waiting(): number {
    return this.#backlog.size
  }

  get running(): number {
    let count = 0
    for (const _ of this.sent()) count++
    return count
  }

  ended(state: number): number {
    return this.#endings.counts[state]!
  }

  /**
   * As `LaneSender.admit`.
   *
   * @throws QueueFullError, or what the scheduler ended with
   */
  admit(): 'accept' | 'hold' {
    if (this.#refusal !== null) throw this.#refusal
    return this.#admission.ask(this.#clock.now())
  }

  /** @param how what `admit` has answered just before */
  submit(task: Task, how: 'accept' | 'hold'): void {
    this.#surroundings.unfinished.began()
    if (how === 'hold') {
      this.#backlog.hold(task)
      this.#slice.wake()
      return
    }
    this.#backlog.add(task)
    this.#admission.accepted(task)
  }

  cancel(task: Task, failure: Failure, reason?: unknown): boolean {
    if (task.dead) return false
    this.#decide(task, CANCELED, failure, this.#clock.now(), reason)
    return true
  }

  setPriority(task: Task, priority: number): boolean {
    if (task.dead || this.#runOf(task) !== undefined) return false
    task.rareOptions()
    this.#backlog.reprioritize(task, priority)
    this.#slice.wake()
    return true
  }

  stateOf(task: Task): number {
    return task.state
  }

  remindMeAfter(delay: number, call: () => void): () => void {
    const { reminders } = this.#surroundings
    const entry = reminders.add(this.#clock.now() + delay, call)
    return () => reminders.cancel(entry)
  }

  decideDue(run: LocalRun): void {
    const now = this.#clock.now()
    if (!run.over && !run.task.dead && run.expires <= now) this.#timeOut(run)
  }

  refuse(error: Error): void {
    this.#refusal ??= error
  }

  fail(error: Error): void {
    this.refuse(error)
    this.#retries.end()
    for (const task of [...this.#backlog]) {
      // The callback of one may have cancelled the next.
      if (!task.dead) this.#decide(task, FAILED, Failure.of(error), this.#clock.now())
    }
  }

  cancelAll(errorOf: (name: string) => Error): void {
    const running = [...this.#runs.keys()]
    for (const task of [...this.#backlog, ...running]) {
      const { name } = task.target
      this.cancel(
        task,
        Failure.later(() => errorOf(name)),
      )
    }
  }

  /** Resolves when nothing of any task runs any more. */
  empty(): Promise<void> {
    return this.#runs.size === 0 ? Promise.resolve() : new Promise(resolve => this.#whenEmpty.push(resolve))
  }

  *sent(): Generator<Task> {
    if (this.#holder !== null && !this.#holder.task.dead) yield this.#holder.task
    for (const task of this.#runs.keys()) if (!task.dead) yield task
  }

  unsent(): Iterable<Task> {
    return this.#backlog
  }

  countUnsent(state: number): number {
    return this.#backlog.countIn(state)
  }

  *holders(): Generator<Task> {
    if (this.#holder !== null) yield this.#holder.task
  }

  *#accepted(): Generator<Task> {
    for (const task of this.#backlog) if (task.state !== NEW) yield task
  }

  #runOf(task: Task): LocalRun | undefined {
    return this.#holder?.task === task ? this.#holder : this.#runs.get(task)
  }

  #work(): void {
    let now = this.#clock.now()
    for (;;) {
      if (this.#backlog.held > 0) this.#admitHeld()
      if (this.#backlog.ready === 0 || this.#runs.size >= this.terms.concurrency) return
      if (this.#slice.isOver(now)) return
      const task = this.#backlog.take(now)
      if (task === null) return
      now = this.#begin(task, now)
    }
  }

  #admitHeld(): void {
    const room = this.terms.queueLimit - this.#backlog.size
    for (const task of this.#backlog.admit(Math.max(0, room))) this.#admission.accepted(task)
  }

  /** Runs a task's first synchronous stretch; returns the instant it ended. */
  #begin(task: Task, now: number): number {
    const run = new LocalRun(task, this)
    const { timings, slow } = this.#surroundings
    task.enter(SCHEDULED)
    task.enter(STARTED)
    task.started = now
    timings.waited(now - task.since)
    this.#holder = run
    if (task.extras !== null) this.#prepare(run, task.extras, now)
    // Whoever was told of the start may have cancelled it.
    if (task.dead) return this.#finished(run, now)
    let verdict = DONE
    let value: unknown
    try {
      value = this.#surroundings.invoke(run)
    } catch (thrown) {
      verdict = FAILED
      value = thrown
    }
    const end = this.#clock.now()
    if (end - now > this.terms.slowCallback) slow(task, end - now)
    if (verdict === DONE && isThenable(value)) this.#goesOn(run, value)
    else this.#returned(run, verdict, value, end)
    return end
  }

  #prepare(run: LocalRun, extras: TaskExtras, now: number): void {
    run.expires = Math.min(extras.deadline, now + extras.timeout)
    if (run.expires !== Number.POSITIVE_INFINITY)
      run.expiry = this.#surroundings.reminders.add(run.expires, () => this.decideDue(run))
    if (extras.observer === null || extras.startReported) return
    extras.startReported = true
    extras.observer.started(run.task)
  }

  #goesOn(run: LocalRun, promise: PromiseLike<unknown>): void {
    const { task } = run
    this.#holder = null
    this.#runs.set(task, run)
    Promise.resolve(promise).then(
      value => this.#completed(run, DONE, value),
      thrown => this.#completed(run, FAILED, thrown),
    )
    if (task.dead) this.#giveUpAfterGrace(run)
    else this.decideDue(run)
  }

  #completed(run: LocalRun, verdict: number, value: unknown): void {
    if (run.over) return
    this.#returned(run, verdict, value, this.#clock.now())
    this.#slice.wake()
  }

  /** What a task's function returned or threw decides its outcome, unless that was decided before. */
  #returned(run: LocalRun, verdict: number, value: unknown, now: number): void {
    const { task } = run
    this.decideDue(run)
    this.#surroundings.timings.ran(now - task.started!)
    this.#finished(run, now)
    if (task.dead) return
    if (verdict === DONE) {
      this.#endings.end(task, DONE, value, now)
      return
    }
    const error = errorOf(value)
    if (!this.#retries.afterFailure(task, (error as { code?: unknown }).code))
      this.#endings.end(task, FAILED, Failure.of(error), now)
  }

  /** Nothing of a run goes on. */
  #finished(run: LocalRun, now: number): number {
    const { task } = run
    run.over = true
    if (run.expiry !== null) this.#surroundings.reminders.cancel(run.expiry)
    if (this.#holder === run) this.#holder = null
    else this.#runs.delete(task)
    if (task.dead) this.#endTurn(task)
    if (this.#runs.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve()
    return now
  }

  /** The one way to an outcome that is not the function's own. */
  #decide(task: Task, state: number, failure: Failure, ended: number, reason?: unknown): void {
    const run = this.#runOf(task)
    if (run === undefined) this.#backlog.remove(task)
    this.#endings.end(task, state, failure, ended)
    if (run === undefined) return
    run.abort(reason === undefined ? failure.error() : reason)
    // While it holds the loop, its grace has not begun.
    if (this.#runs.has(task) && !run.over) this.#giveUpAfterGrace(run)
  }

  #giveUpAfterGrace(run: LocalRun): void {
    const { reminders } = this.#surroundings
    // Its limit is of no interest any more.
    if (run.expiry !== null) reminders.cancel(run.expiry)
    run.expiry = reminders.add(this.#clock.now() + this.terms.grace, () => {
      this.abandoned++
      this.#finished(run, this.#clock.now())
      this.#slice.wake()
    })
  }

  #timeOut(run: LocalRun): void {
    const { task, expires } = run
    const limit: TimeLimit = task.deadline === expires ? 'deadline' : 'timeout'
    this.#decide(task, TIMED_OUT, Failure.of(new TaskTimeoutError(task.target.name, limit)), expires)
  }

  #waitedTooLong(task: Task): void {
    const { deadline, waitUntil } = task.extras!
    const error = new TaskTimeoutError(task.target.name, deadline <= waitUntil ? 'deadline' : 'queueTimeout')
    this.#endings.end(task, TIMED_OUT, Failure.of(error), this.#clock.now())
  }

  #drop(task: Task): void {
    const { name, lane } = task.target
    this.cancel(
      task,
      Failure.later(() => new TaskDroppedError(name, lane)),
    )
  }

  #endTurn(task: Task): void {
    if (task.extras?.hasTurn === true) this.#backlog.endTurn(task)
  }
}

/** As it arrives from a thread: always an Error. */
function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new TaskThrewError(thrown)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
