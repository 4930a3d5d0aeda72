import type { Failure } from '../bridge/failure.js'
import { isError, TaskThrewError } from '../core/errors.js'
import { SAMPLE_TARGET, Task, type TaskExtras } from '../core/task.js'
import type { TaskRecord } from '../core/task-info.js'
import { DONE, FAILED, SCHEDULED, STARTED } from '../core/task-state.js'
import { keepContexts, releaseContexts } from './ambient-task.js'
import { LocalLane } from './local-lane.js'
import type { LocalSurroundings, LocalTerms } from './local-terms.js'
import { LoopRun, type RunKeeper } from './loop-run.js'
import { mayHaveThen, whenSettled } from './when-settled.js'

export interface LoopTerms extends LocalTerms {
  /** Milliseconds; may be Infinity. */
  readonly slowCallback: number
}

export interface LoopSurroundings extends LocalSurroundings {
  /** Calls the task's function. */
  invoke(run: LoopRun): unknown
  /** A task held the loop for longer than the lane lets pass unreported. @param held milliseconds */
  slow(task: Task, held: number): void
}

/**
 * A lane on the loop of whoever submits to it: a place is a function that has been called and whose promise is not
 * settled. One that holds the loop has its place beside them, and a function that returns no promise never enters
 * `runs`. One that awaits another task needs no place meanwhile, so that a task may call others of its own lane; it goes
 * on at once when that has ended, even if for a while there is one more than there are places.
 */
export class LoopLane extends LocalLane<LoopRun> implements RunKeeper {
  readonly sight = { recordOf: (task: Task) => this.#recordOf(task), reportStart: () => {} }
  readonly #slowCallback: number
  readonly #surroundings: LoopSurroundings
  /** Those that wait for other tasks. */
  readonly #waiting = new Set<LoopRun>()
  /** See `keepShape`. */
  protected readonly sample: LoopRun
  /** The one that holds the loop. */
  #holder: LoopRun | null = null

  constructor(terms: LoopTerms, surroundings: LoopSurroundings) {
    super(terms, surroundings)
    this.sample = new LoopRun(new Task(SAMPLE_TARGET, 0, [], 0.5, null, null), 0.5, this)
    this.#slowCallback = terms.slowCallback
    this.#surroundings = surroundings
  }

  *sent(): Generator<TaskRecord> {
    for (const task of this.begun()) if (!task.dead) yield this.#recordOf(task)
  }

  override *begun(): Generator<Task> {
    if (this.#holder !== null) yield this.#holder.task
    yield* super.begun()
  }

  *holders(): Generator<Task> {
    if (this.#holder !== null) yield this.#lookedAt(this.#holder.task)
  }

  checkTime(run: LoopRun): void {
    const { task, expires } = run
    if (expires === undefined || run.over || task.dead || expires > this.#surroundings.clock.now()) return
    this.timeOut(task, task.deadline === expires ? 'deadline' : 'timeout', expires)
  }

  awaits(run: LoopRun, ...[awaited, refuse, kind]: Parameters<LoopRun['beginWait']>): () => void {
    return this.surroundings.waits.begin(run.task, awaited, refuse, kind)
  }

  setWaiting(run: LoopRun, isWaiting: boolean): void {
    if (!isWaiting) this.#waiting.delete(run)
    else if (!run.over) {
      this.#waiting.add(run)
      this.slice.wake()
    }
  }

  protected override get hasPlace(): boolean {
    return this.runs.size - this.#waiting.size < this.terms.concurrency
  }

  protected override runOf(task: Task): LoopRun | undefined {
    return this.#holder?.task === task ? this.#holder : this.runs.get(task)
  }

  /** Runs a task's first synchronous stretch. */
  protected override begin(task: Task, now: number): number {
    const run = new LoopRun(task, now, this)
    task.enter(SCHEDULED)
    task.enter(STARTED)
    this.#holder = run
    const start = task.extras === null ? now : this.#prepare(run, task.extras)
    this.#surroundings.timings.waited(start - task.since)
    // Whoever was told of the start may have cancelled it.
    if (task.dead) {
      this.left(run)
      return start
    }
    let verdict = DONE
    let value: unknown
    try {
      value = this.#surroundings.invoke(run)
    } catch (thrown) {
      verdict = FAILED
      value = thrown
    }
    const end = this.#surroundings.clock.now()
    const isSlow = end - start > this.#slowCallback
    if (isSlow) this.#surroundings.slow(task, end - start)
    if (verdict === DONE && this.#isFollowed(run, value)) this.#goesOn(run)
    else this.#ended(run, verdict, value, end)
    return isSlow ? this.#surroundings.clock.now() : end
  }

  protected override startOf(run: LoopRun): number {
    return run.started
  }

  protected override claim(): boolean {
    return true
  }

  protected override halt(run: LoopRun, failure: Failure, reason: unknown): void {
    run.abort(reason === undefined ? failure.error() : reason)
    // While it holds the loop, its grace has not begun.
    if (this.runs.has(run.task) && !run.over) this.#giveUpAfterGrace(run)
  }

  protected override left(run: LoopRun): void {
    if (this.#holder === run) this.#holder = null
    if (this.#waiting.size > 0 && this.#waiting.has(run)) run.endWaits()
    if (this.runs.size > 0 && this.runs.has(run.task)) releaseContexts()
    super.left(run)
    run.forget()
  }

  #recordOf(task: Task): TaskRecord {
    const seen = this.#lookedAt(task)
    const awaited = this.surroundings.waits.awaitedBy(task)
    if (awaited === undefined || task.state !== STARTED) return seen
    const { target, sequence, state, submitted, started, ended, attempt, priority } = seen
    return { target, sequence, state, submitted, started, ended, attempt, priority, awaited }
  }

  /** The task, with its start if it has started. */
  #lookedAt(task: Task): Task {
    if (task.started === undefined) task.started = this.runOf(task)?.started
    return task
  }

  /** @returns the instant at which it starts: the time that whoever is told of it takes is not the task's */
  #prepare(run: LoopRun, extras: TaskExtras): number {
    if (this.reportStart(run.task)) run.startAt(this.#surroundings.clock.now())
    if (!run.task.dead) this.watch(run, Math.min(extras.deadline, run.started + extras.timeout))
    return run.started
  }

  #isFollowed(run: LoopRun, returned: unknown): boolean {
    return mayHaveThen(returned) && this.#follow(run, returned)
  }

  /** Apart, since what closures keep is made where they could be, and most functions that are called here return nothing. */
  #follow(run: LoopRun, returned: object): boolean {
    return whenSettled(
      returned,
      value => this.#completed(run, DONE, value),
      thrown => this.#completed(run, FAILED, thrown),
    )
  }

  #goesOn(run: LoopRun): void {
    const { task } = run
    this.#holder = null
    this.runs.set(task, run)
    keepContexts()
    if (task.dead) this.#giveUpAfterGrace(run)
    else this.checkTime(run)
  }

  #completed(run: LoopRun, verdict: number, value: unknown): void {
    if (run.over) return
    this.#ended(run, verdict, value, this.#surroundings.clock.now())
    this.slice.wake()
  }

  #ended(run: LoopRun, verdict: number, value: unknown, now: number): void {
    this.checkTime(run)
    this.returned(run, verdict, verdict === FAILED ? errorOf(value) : value, now)
  }

  #giveUpAfterGrace(run: LoopRun): void {
    this.afterGrace(run, () => {
      this.abandoned++
      this.left(run)
      this.slice.wake()
    })
  }
}

/** As it arrives from a thread: always an Error. */
function errorOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : new TaskThrewError(thrown)
}
