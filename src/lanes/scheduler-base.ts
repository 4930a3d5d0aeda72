import { EventEmitter } from 'node:events'
import { finiteAtLeast, knownKeys, plainObject } from '../core/checks.js'
import { describe, InvalidArgumentError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import type { TaskFilter } from '../core/task-filter.js'
import { TaskHistory } from '../core/task-history.js'
import type { TaskInfo } from '../core/task-info.js'
import { CANCELED, DONE, FAILED, type TaskState, TIMED_OUT } from '../core/task-state.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext } from './own-context.js'
import type { Scheduler } from './scheduler.js'
import type { CommonTerms, KeptLanes, SchedulerConnection } from './scheduler-connection.js'
import type { SchedulerEvents } from './scheduler-events.js'
import { SchedulerLife } from './scheduler-life.js'
import type { LaneStats, SchedulerStats } from './scheduler-stats.js'
import { readSightOptions, type SightOptions } from './sight-options.js'
import { SignalDump } from './signal-dump.js'
import type { SupervisorStats } from './supervisor-stats.js'
import { TaskHandle } from './task-handle.js'
import { awaitable } from './task-promise.js'
import { type DumpOptions, TaskSight } from './task-sight.js'
import type { WaitOptions } from './wait-options.js'

const DEFAULT_CLOSE_TIMEOUT_MS = 5_000

/** The verbs that schedulers have in common, wherever their lanes are. `L` is the names of the lanes. */
export abstract class SchedulerBase<L extends string> implements Scheduler<L> {
  readonly #events = new EventEmitter()
  readonly #history: TaskHistory
  readonly #sight: TaskSight
  readonly #signalDump: SignalDump
  readonly #life: SchedulerLife<this, SchedulerConnection>

  /**
   * @internal
   * @param grace milliseconds that the most patient lane gives a cancelled task
   */
  constructor(lanes: readonly string[], options: SightOptions, grace: number) {
    const { history, dumpOnSignal } = readSightOptions(options)
    this.#history = new TaskHistory(history)
    this.#sight = new TaskSight(lanes, this.#history)
    this.#signalDump = new SignalDump(dumpOnSignal, () => this.#sight.table({}))
    this.#life = new SchedulerLife(this, grace, {
      connect: last => this.#connected(last),
      ended: () => this.#signalDump.stop(),
    })
  }

  /**
   * Begins to start the lanes.
   *
   * @internal
   */
  protected abstract connect(terms: CommonTerms): SchedulerConnection

  /**
   * Where tasks are submitted is looked at only as long as there is somebody to tell of slow ones.
   *
   * @internal
   */
  protected abstract heard(isSlowHeard: boolean): void

  /**
   * Starts the lanes. Tasks may be submitted meanwhile.
   *
   * @returns this scheduler, once all lanes are ready; the same promise for every call
   * @throws as the static `start`; ClosedError (`ERR_CLOSED`) after `close()`
   */
  start(): Promise<this> {
    return this.#life.start()
  }

  /** @throws InvalidArgumentError (`ERR_INVALID_ARG`) if it is no handle */
  taskState(task: TaskHandle): TaskState {
    return checkedHandle(task).state
  }

  /**
   * As `task.wait`.
   *
   * @param options.timeout milliseconds to wait at most
   * @param options.for `'FINISHED'` (the default) or `'RUNNING'`
   * @returns true once the task is in a final state (or has started), false when the wait's own time is over
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names what is wrong
   */
  waitTask(task: TaskHandle, options?: WaitOptions): Promise<boolean> {
    try {
      return checkedHandle(task).wait(options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @returns true only for the call that cancelled the task
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if it is no handle
   */
  cancelTask(task: TaskHandle, reason?: unknown): boolean {
    return checkedHandle(task).cancel(reason)
  }

  /**
   * What there is to be seen of a task now.
   *
   * @param task a handle, or the id of one; of a task that was submitted here
   * @returns always, for a handle; for an id undefined once the task has finished and left the history
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if it is neither
   */
  taskInfo(task: TaskHandle): TaskInfo
  taskInfo(task: number): TaskInfo | undefined
  taskInfo(task: TaskHandle | number): TaskInfo | undefined
  taskInfo(task: TaskHandle | number): TaskInfo | undefined {
    return task instanceof TaskHandle ? task.info(monotonicClock.now()) : this.#sight.find(task)
  }

  /**
   * The tasks submitted here that have not finished, and those of the history, in the order of their submission.
   *
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
   */
  tasks(filter: TaskFilter = {}): TaskInfo[] {
    return this.#sight.tasks(filter)
  }

  /** How many `tasks(filter)` would answer. Makes nothing, so that a million waiting tasks cost no more than one. */
  countTasks(filter: TaskFilter = {}): number {
    return this.#sight.count(filter)
  }

  /**
   * Writes a table of tasks: `id`, `name`, `lane` and `state`, for how many milliseconds each waited (`queue`) and has
   * run (`running`), so far or in all, and how many milliseconds ago it ended in the one way it did (`timedout`,
   * `failed`, `done` or `canceled`). At most 1,000 rows: running tasks first, then waiting ones, then finished ones,
   * the last to finish first; a last line says how many were left out.
   *
   * @param options.lane the tasks of this lane alone
   * @param options.state those in this state, or group of states, alone
   * @param options.to where it is written; default `process.stdout`
   * @returns what was written
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
   */
  dumpTasks(options: DumpOptions = {}): string {
    return this.#sight.dump(options)
  }

  /** The task that has run longest of all submitted here, running or finished; also when the history forgot it. */
  slowest(): TaskInfo | undefined {
    return this.#sight.slowest()
  }

  /**
   * The task, of those submitted here, that holds a loop of the lane now, which may be one whose outcome was decided
   * and that goes on; of several the one that has held it longest. If none does, the last to start of those that run.
   *
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if there is no such lane
   */
  currentTask(lane: L): TaskInfo | undefined {
    return this.#sight.current(lane)
  }

  /**
   * What the scheduler is doing now, and has done since it was started. It answers while lanes are blocked.
   *
   * For people and monitors to ask a few times a second. Each answer has two histograms of 45 KB a lane, outside of the
   * heap that V8 counts, and they go only when garbage is collected: thousands of calls in a row, on five lanes, made a
   * process grow by 300 MB before it stayed level.
   *
   * @throws ClosedError (`ERR_CLOSED`) unless the scheduler is started
   */
  async stats(): Promise<SchedulerStats> {
    const connection = this.#life.present
    const { sender } = connection
    const { lanes, abandoned, strays }: SupervisorStats = await connection.stats()
    const shown: Record<string, LaneStats> = {}
    for (const [name, measured] of Object.entries(lanes)) {
      const lane = sender.lane(name)
      shown[name] = {
        waiting: lane.waiting,
        running: lane.running,
        finished: {
          DONE: lane.ended(DONE),
          FAILED: lane.ended(FAILED),
          TIMED_OUT: lane.ended(TIMED_OUT),
          CANCELED: lane.ended(CANCELED),
        },
        ...measured,
      }
    }
    return { lanes: shown, unfinished: sender.unfinished, abandoned, strays: strays + sender.strays }
  }

  /**
   * Resolves when every task submitted so far, and any submitted meanwhile, has finished.
   *
   * @returns rejects in a task of this scheduler, which would wait for itself: with a DeadlockError (`ERR_DEADLOCK`)
   */
  drain(): Promise<void> {
    const { connection } = this.#life
    if (connection === null) return Promise.resolve()
    const { sender } = connection
    return awaitable(sender.idle(), () => begunOf(sender))
  }

  /**
   * Refuses new tasks, cancels those there are, and ends the threads. `start()` begins anew.
   *
   * @param options.timeout milliseconds for the threads to go by themselves before they are ended; default 5,000
   */
  stop(options: { readonly timeout?: number } = {}): Promise<void> {
    return this.#life.stop(readTimeout(options))
  }

  /**
   * Refuses new tasks (`ERR_CLOSED`), waits for those there are, then cancels what is left, then ends what does not
   * go. Native code cannot be stopped in its middle: a thread that is in it goes on until it returns.
   *
   * @param options.timeout milliseconds for all of it together; default 5,000
   * @returns the same promise for every call
   */
  close(options: { readonly timeout?: number } = {}): Promise<void> {
    return this.#life.close(readTimeout(options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Calls the listener at each event of this name, on this thread. Any name is taken, as by every EventEmitter of Node;
   * the compiler knows which there are.
   */
  on<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.on(event, listener as never)
    this.heard(this.#events.listenerCount('slow') > 0)
    return this
  }

  /** As `on`, for the next event of this name alone. */
  once<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.once(event, listener as never)
    this.heard(this.#events.listenerCount('slow') > 0)
    return this
  }

  /** Takes a listener back that was given to `on` or `once`. */
  off<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.off(event, listener as never)
    this.heard(this.#events.listenerCount('slow') > 0)
    return this
  }

  #connected(last: SchedulerConnection | null): SchedulerConnection {
    const connection = this.connect({
      past: { history: this.#history, lastNumber: last?.sender.lastNumber ?? 0 },
      report: error => this.report(error),
    })
    this.#sight.lookAt(connection.tasks)
    this.#signalDump.listen()
    return connection
  }

  /** @internal */
  protected emit<E extends keyof SchedulerEvents>(event: E, ...args: SchedulerEvents[E]): void {
    try {
      inOwnContext(() => this.#events.emit(event, ...args))
      // Whoever listened once has gone.
      this.heard(this.#events.listenerCount('slow') > 0)
    } catch (error) {
      this.report(error)
    }
  }

  /** @internal */
  protected report(error: unknown): void {
    if (this.#events.listenerCount('error') === 0) {
      process.emitWarning(warningOf(error))
      return
    }
    try {
      inOwnContext(() => this.#events.emit('error', error))
    } catch (thrown) {
      // In a turn of its own, where it is uncaught as it would be anywhere: whoever reports is in the middle of work that
      // belongs to others.
      setImmediate(() => {
        throw thrown
      })
    }
  }
}

/** Among those that a task of them would wait for is that task itself. */
function* begunOf(lanes: KeptLanes): Generator<Task> {
  for (const lane of lanes) yield* lane.begun()
}

function checkedHandle(task: TaskHandle): TaskHandle {
  if (!(task instanceof TaskHandle)) throw new InvalidArgumentError('task', 'a TaskHandle', task)
  return task
}

/**
 * An object without a prototype has no text, and a proxy or an accessor may refuse to say what it is. Node reads some of an
 * error only when it shows it, in a turn in which nobody could catch what that throws; so all of it is read here first.
 */
function warningOf(error: unknown): Error | string {
  try {
    if (!(error instanceof Error)) return String(error)
    const { name, message, stack, code, detail }: Error & { code?: unknown; detail?: unknown } = error
    void `${error}${name}${message}${stack}${code}${detail}`
    return error
  } catch {
    return `${describe(error)} was thrown`
  }
}

function readTimeout(options: { readonly timeout?: number }): number {
  knownKeys('options', plainObject('options', options), ['timeout'])
  return options.timeout === undefined
    ? DEFAULT_CLOSE_TIMEOUT_MS
    : finiteAtLeast('timeout', options.timeout, 0)
}
