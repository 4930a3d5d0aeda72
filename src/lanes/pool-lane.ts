import { decodeError } from '../bridge/error-codec.js'
import { Failure } from '../bridge/failure.js'
import { handlesIn } from '../bridge/handle-args.js'
import { tooDeep } from '../bridge/port.js'
import { pathToHandle, pathToUncloneable } from '../bridge/uncloneable.js'
import {
  LaneError,
  MultilaneError,
  NotCloneableError,
  ResultNotCloneableError,
  type TimeLimit,
} from '../core/errors.js'
import type { Task } from '../core/task.js'
import { DONE, FAILED, SCHEDULED, STARTED } from '../core/task-state.js'
import { LoadWatch } from './load-watch.js'
import { LocalLane } from './local-lane.js'
import type { LocalSurroundings, LocalTerms } from './local-terms.js'
import { PoolPlaces } from './pool-places.js'
import { PoolRun } from './pool-run.js'
import { isRefusal } from './refused-worker.js'
import type { SyncAnswer, SyncCall, Unread } from './sync-call.js'
import type { SyncTask } from './sync-task.js'

/** A task whose thread died before it began is tried again on so many others. */
const MOST_MOVES = 3

/** The codes with which Node refuses to send something. What an accessor throws in the middle of it has any. */
const REFUSALS: readonly unknown[] = [
  DOMException.DATA_CLONE_ERR,
  'ERR_INVALID_TRANSFER_OBJECT',
  'ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST',
]

/** Where blocking functions run. */
export interface SyncExecutor {
  /**
   * @param signal ends the thread, whatever it is doing
   * @returns rejects when the thread has been ended or has died, or if the call cannot be cloned
   */
  run(call: SyncCall, transfer: readonly object[], signal: AbortSignal): Promise<SyncAnswer>
  /** Calls back when a thread is not loading a module, or has been for long enough to be ended all the same. */
  whenLoaded(threadId: number, call: () => void): void
  /** Resolves with the exit code of a thread when it has gone; undefined if it had in an earlier turn of the loop. */
  exitOf(threadId: number): Promise<number> | undefined
}

export interface PoolSurroundings extends LocalSurroundings {
  readonly executor: SyncExecutor
  /** Milliseconds that a module has to load. */
  readonly startTimeout: number
  /** Takes errors that belong to no task. */
  report(error: unknown): void
  /** A thread died with a task on it. */
  died(threadId: number, error: Error): void
}

/**
 * A lane of blocking functions: a place is a thread of a pool. What becomes of an attempt is decided in the memory it
 * shares with its thread; see `SyncCell`.
 *
 * The thread tells nobody when a task begins: it writes that down. It is read when somebody looks, when somebody has
 * asked to be told, and at the latest with the answer.
 */
export class PoolLane extends LocalLane<PoolRun> {
  readonly sight = {
    recordOf: (task: Task) => this.#lookedAt(task),
    reportStart: (task: Task) => {
      const run = this.runs.get(task)
      if (run !== undefined) this.#awaitStart(run)
    },
  }
  readonly #surroundings: PoolSurroundings
  readonly #moves = new WeakMap<Task, number>()
  readonly #loads: LoadWatch
  readonly #places: PoolPlaces

  constructor(terms: LocalTerms, surroundings: PoolSurroundings) {
    super(terms, surroundings)
    this.#surroundings = surroundings
    const { clock, reminders, startTimeout } = surroundings
    this.#places = new PoolPlaces(terms.concurrency, clock, reminders, () => this.slice.wake())
    this.#loads = new LoadWatch({
      clock,
      reminders,
      startTimeout,
      runs: () => this.runs.values(),
      tooSlow: run => this.#notLoaded(run),
    })
  }

  *sent(): Generator<Task> {
    for (const task of this.runs.keys()) if (!task.dead) yield this.#lookedAt(task)
  }

  *holders(): Generator<Task> {
    for (const { task, cell, over } of this.runs.values())
      if (!over && cell.isBegun) yield this.#lookedAt(task)
  }

  /**
   * There is no thread any more, and none comes, that could take what none has begun.
   *
   * @param why what became of the last
   */
  forsaken(why: Error): void {
    for (const { cell, kill } of this.runs.values()) if (!cell.isBegun) kill.abort(why)
  }

  /** There is one thread more. */
  given(): void {
    this.#places.given()
  }

  /** The operating system gave no thread: the last of those that none has begun waits again. */
  refused(why: Error): void {
    const waits = ({ cell, kill }: PoolRun): boolean => !cell.isBegun && !kill.signal.aborted
    const last = [...this.runs.values()].findLast(waits)
    last?.kill.abort(why)
  }

  protected override get hasPlace(): boolean {
    return this.#places.hasRoom
  }

  protected override begin(task: Task, now: number): number {
    const { clock } = this.#surroundings
    const run = new PoolRun(task)
    task.enter(SCHEDULED)
    this.runs.set(task, run)
    this.#places.taken++
    this.#loads.begun(now)
    const { extras } = task
    if (extras !== null) {
      this.watch(run, Math.min(extras.expires, now + extras.timeout))
      if (extras.observer !== null && extras.reportStart) this.#awaitStart(run)
    }
    this.#send(run).then(
      answer => this.#answered(run, answer),
      (error: unknown) => this.#died(run, error),
    )
    return clock.now()
  }

  protected override startOf({ task }: PoolRun): number | undefined {
    return this.#lookedAt(task).started
  }

  protected override claim(run: PoolRun): boolean {
    if (run.cell.withdraw()) return true
    // Whoever is told of the start may decide it in turn.
    this.#noteStart(run)
    return run.cell.decide()
  }

  protected override halt(run: PoolRun): void {
    if (!run.cell.isBegun) return
    const { executor } = this.#surroundings
    this.afterGrace(run, () => executor.whenLoaded(run.cell.thread, () => run.kill.abort()))
  }

  /** Waiting and running are both limited, and nobody tells when the one becomes the other. */
  protected override checkTime(run: PoolRun): void {
    const { task, over } = run
    if (over || task.dead) return
    const now = this.#surroundings.clock.now()
    const isBegun = this.#lookedAt(task).started !== undefined
    const { expires } = limitOf(run, isBegun)
    // It cannot have run for its time before that, whenever it begins.
    if (expires > now) this.watch(run, isBegun ? expires : Math.min(expires, now + task.extras!.timeout))
    else this.#timeOut(run, isBegun)
  }

  #timeOut(run: PoolRun, isBegun: boolean): void {
    const { expires, limit } = limitOf(run, isBegun)
    this.timeOut(run.task, limit, expires)
  }

  async #send(run: PoolRun): Promise<SyncAnswer> {
    const call = this.#callOf(run)
    // No clone fails by one: it would arrive as an empty object.
    if (handlesIn(call.args) !== null) throw new HandleGiven(call.args)
    return this.#surroundings.executor.run(call, run.task.extras?.transfer ?? [], run.kill.signal)
  }

  #callOf({ task, cell }: PoolRun): SyncCall {
    const { module, call, args } = task.payload as SyncTask
    const { sequence, target, deadline, attempt, extras } = task
    return {
      cell: cell.buffer,
      module,
      name: call,
      args,
      limits: {
        beginBy: extras?.expires ?? Number.POSITIVE_INFINITY,
        timeout: extras?.timeout ?? Number.POSITIVE_INFINITY,
        endBy: deadline,
      },
      task: {
        id: sequence,
        name: target.name,
        lane: this.name,
        deadline: deadline === Number.POSITIVE_INFINITY ? undefined : this.epoch.fromInstant(deadline),
        attempt,
      },
    }
  }

  /** The task, with its start if it has started. */
  #lookedAt(task: Task): Task {
    const cell = this.runs.get(task)?.cell
    if (cell === undefined || task.state !== SCHEDULED || !cell.isBegun) return task
    task.enter(STARTED)
    task.started = cell.begun
    this.#surroundings.timings.waited(task.started - task.since)
    return task
  }

  #awaitStart(run: PoolRun): void {
    if (run.isWatched) return
    run.isWatched = true
    void run.cell.whenBegunOrWithdrawn().then(() => this.#noteStart(run))
  }

  #noteStart({ task, over }: PoolRun): void {
    if (!over && !task.dead && this.#lookedAt(task).started !== undefined) this.reportStart(task)
  }

  #notLoaded({ task }: PoolRun): void {
    const { clock, startTimeout } = this.#surroundings
    const { module } = task.payload as SyncTask
    const message = `the module ${module} was not loaded within ${startTimeout} ms`
    const error = new LaneError('ERR_LANE_START_TIMEOUT', this.name, message)
    this.decide(task, FAILED, Failure.of(error), clock.now())
  }

  #answered(run: PoolRun, answer: SyncAnswer): void {
    const { task, cell } = run
    this.#noteStart(run)
    this.#freeThread(run)
    // The thread has seen to a limit before this one did.
    if (answer === null && !task.dead) this.#timeOut(run, cell.isBegun)
    // Cancelled by whoever was told of the start, or before.
    if (answer === null || task.dead) this.left(run)
    else if ('value' in answer) this.returned(run, DONE, answer.value, cell.ended)
    else if ('unread' in answer) this.#unread(run, answer)
    else {
      const error = decodeError(answer.error)
      this.returned(run, FAILED, error, cell.ended, (error as { code?: unknown }).code)
    }
  }

  #unread(run: PoolRun, { unread }: Unread): void {
    const { task, cell } = run
    if (unread === 'answer') {
      const error = new ResultNotCloneableError('result', { cause: tooDeep() })
      this.returned(run, FAILED, error, cell.ended, error.code)
      return
    }
    // No thread has it, and whoever waits for its start waits for nothing.
    cell.withdraw()
    this.left(run)
    this.failed(task, new NotCloneableError('args', { cause: tooDeep() }), this.#surroundings.clock.now())
  }

  #died(run: PoolRun, error: unknown): void {
    const { task, cell } = run
    this.#noteStart(run)
    const thread = cell.thread
    const exited = this.#surroundings.executor.exitOf(thread)
    this.#freeThread(run)
    // From now on no thread will, not even one that is on its way out.
    cell.withdraw()
    if (!cell.isBegun) {
      this.left(run)
      const cause = run.kill.signal.aborted ? run.kill.signal.reason : error
      if (isRefusal(cause)) this.#makeDo(cause)
      if (!task.dead) this.#notBegun(task, cause)
      return
    }
    // What the thread is in the middle of may go on for a while, and until then no other of its key may begin.
    void Promise.resolve(exited).then(code => this.#gone(run, error, code))
  }

  #gone(run: PoolRun, error: unknown, code: number | undefined): void {
    const { task, cell } = run
    const cause = run.kill.signal.aborted ? endedFor(this.name, task) : deathOf(this.name, error, code)
    this.#surroundings.died(cell.thread, cause)
    this.left(run)
    this.slice.wake()
    if (task.dead || this.retries.afterDeath(task)) return
    this.failed(task, cause, this.#surroundings.clock.now())
  }

  /** The others run on what threads there are. */
  #makeDo(cause: Error): void {
    const { length } = this.#holders
    // One is asked for in any case, so that no task waits for ever.
    const isFirst = this.#places.refused(Math.max(1, length))
    if (!isFirst || length === 0) return
    const message = `a thread of lane '${this.name}' could not start: the operating system gave none (${cause.message})`
    this.#surroundings.report(new LaneError('ERR_LANE_EXITED', this.name, message, { cause }))
  }

  /** The runs that have a thread, or will when it has booted. */
  get #holders(): PoolRun[] {
    return [...this.runs.values()].filter(({ hasThread, kill }) => hasThread && !kill.signal.aborted)
  }

  /** No thread began with it: it waits again, unless that is of no use. */
  #notBegun(task: Task, cause: unknown): void {
    const call = task.payload as SyncTask
    // It has its place before its arguments are looked through: what is theirs may have it, or all tasks, cancelled.
    this.putBack(task)
    const flaw = isRefusal(cause) ? undefined : flawOf(call, task.extras?.transfer ?? [], cause)
    if (task.dead) return
    const error = flaw === undefined ? this.#whyNotAgain(task, cause) : new NotCloneableError(flaw, { cause })
    if (error !== undefined) this.decide(task, FAILED, Failure.of(error), this.#surroundings.clock.now())
    else this.slice.wake()
  }

  #whyNotAgain(task: Task, cause: unknown): Error | undefined {
    const { name } = task.target
    if (isRefusal(cause)) {
      if (this.#holders.length > 0) return undefined
      const message = `there is no thread for task '${name}': the operating system gave none`
      return new LaneError('ERR_LANE_EXITED', this.name, message, { cause })
    }
    if ((task.extras?.transfer ?? null) !== null) {
      const message = `the thread that task '${name}' was handed over to died before it began`
      return new MultilaneError('ERR_TRANSFER_LOST', message, { cause })
    }
    const moves = (this.#moves.get(task) ?? 0) + 1
    this.#moves.set(task, moves)
    if (moves <= MOST_MOVES) return undefined
    const message = `no thread of the pool lived long enough to begin with task '${name}'`
    return new LaneError('ERR_LANE_EXITED', this.name, message, { cause })
  }

  #freeThread(run: PoolRun): void {
    if (!run.hasThread) return
    run.hasThread = false
    this.#places.taken--
    this.slice.wake()
  }
}

/** Which of a run's limits is the next to run out, and when. @param isBegun as it was when that was looked at */
function limitOf(
  { task, cell }: PoolRun,
  isBegun: boolean,
): { readonly expires: number; readonly limit: TimeLimit } {
  const { deadline, waitUntil, timeout } = task.extras!
  const other = isBegun ? cell.begun + timeout : waitUntil
  if (deadline <= other) return { expires: deadline, limit: 'deadline' }
  return { expires: other, limit: isBegun ? 'timeout' : 'queueTimeout' }
}

/** Among the arguments of a task there is a handle. */
class HandleGiven extends TypeError {
  /** Where it is. */
  readonly path: string

  constructor(args: readonly unknown[]) {
    super('a handle cannot be given to a SyncTask: await it first, and give what it comes to')
    const paths = args.map((arg, i) => pathToHandle(arg, `args[${i}]`))
    this.path = paths.find(found => found !== undefined) ?? 'args'
  }
}

/** Where the arguments are that cannot leave; undefined if they can, as far as is known. */
function flawOf({ args }: SyncTask, transfer: readonly object[], cause: unknown): string | undefined {
  if (cause instanceof HandleGiven) return cause.path
  const isRefused = REFUSALS.includes((cause as { readonly code?: unknown }).code)
  // What was handed over before a thread died cannot be looked at any more.
  if (transfer.length > 0 && !isRefused) return undefined
  const path = args
    .map((arg, i) => pathToUncloneable(arg, `args[${i}]`, transfer))
    .find(found => found !== undefined)
  return path ?? (isRefused ? 'args' : undefined)
}

function endedFor(lane: string, { target: { name } }: Task): LaneError {
  const message = `a thread of lane '${lane}' was ended because task '${name}' held it`
  return new LaneError('ERR_LANE_TERMINATED', lane, message, { holders: [name] })
}

function deathOf(lane: string, cause: unknown, exitCode: number | undefined): LaneError {
  if ((cause as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new LaneError('ERR_LANE_OOM', lane, `a thread of lane '${lane}' ran out of heap memory`, { cause })
  const how = exitCode === undefined ? '' : ` with code ${exitCode}`
  return new LaneError('ERR_LANE_EXITED', lane, `a thread of lane '${lane}' ended${how}`, { exitCode, cause })
}
