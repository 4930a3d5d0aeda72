import { EventEmitter } from 'node:events'
import { finiteAtLeast, knownKeys } from '../core/checks.js'
import { ClosedError, InvalidArgumentError, TaskCanceledError } from '../core/errors.js'
import type { TaskState } from '../core/task-state.js'
import type { CallRest, TaskArgs, TaskName, TaskResult, UntypedTasks } from './call-types.js'
import type { InlineOptions } from './inline-options.js'
import { planInline } from './inline-plan.js'
import { Lane } from './lane.js'
import type { LaneConfig } from './lane-config.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext } from './own-context.js'
import type { Connect, SchedulerConnection } from './scheduler-connection.js'
import { readSchedulerOptions, type SchedulerOptions } from './scheduler-options.js'
import type { SupervisorStats } from './supervisor.js'
import { SupervisorConnection } from './supervisor-connection.js'
import type { TaskHandle } from './task-handle.js'
import type { TaskOptions } from './task-options.js'

/** What can be listened for. */
export interface SchedulerEvents {
  /** An error that belongs to no task: a callback that threw, or a fault on a lane. */
  error: [error: unknown]
}

export interface LaneStats {
  /** Tasks accepted here and not started. */
  readonly waiting: number
  /** Threads that are ready. */
  readonly threads: number
  /** Threads replaced since the start. */
  readonly restarts: number
  /** The operating system's priority that was really applied. */
  readonly os: string
}

export interface SchedulerStats {
  readonly lanes: Readonly<Record<string, LaneStats>>
  /** Tasks submitted here and not finished. */
  readonly unfinished: number
  /** Tasks that ignored their abort for their grace and were given up. */
  readonly abandoned: number
  /** Messages dropped because they made no sense, or came twice or too late. */
  readonly strays: number
}

type Mode = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'closing' | 'closed'

const DEFAULT_CLOSE_TIMEOUT_MS = 5_000

/**
 * Runs tasks on prioritized lanes of worker threads. `M` is the type of the task module, `L` the names of the lanes.
 *
 * | mode       | meaning                             | entered by                          | tasks     |
 * |------------|-------------------------------------|-------------------------------------|-----------|
 * | `new`      | made, nothing runs                  | constructor                         | refused   |
 * | `starting` | lanes are being started             | `start` from `new` or `stopped`     | accepted  |
 * | `running`  | all lanes were ready                | the lanes                           | accepted  |
 * | `stopping` | tasks are cancelled, threads go     | `stop`                              | refused   |
 * | `stopped`  | nothing runs                        | the end of `stop`; a start that failed | refused |
 * | `closing`  | as `stopping`, for good             | `close`                             | refused   |
 * | `closed`   | nothing runs, for good              | the end of `close`                  | refused   |
 */
export class SchedulerThread<M = UntypedTasks, L extends string = string> {
  /** The lanes, by name. */
  readonly lanes: { readonly [K in L]: Lane<M> }
  readonly #configs: readonly LaneConfig[]
  readonly #events = new EventEmitter()
  #mode: Mode = 'new'
  #connect: Connect = (lanes, report) => new SupervisorConnection(lanes, report)
  #connection: SchedulerConnection | null = null
  #starting: Promise<this> | null = null
  #stopping: Promise<void> | null = null
  #closing: Promise<void> | null = null

  /**
   * Makes a scheduler and starts its lanes.
   *
   * @returns resolves when every thread of every lane has loaded its task module
   * @throws InvalidArgumentError that names the option; TaskLoadError (`ERR_TASK_LOAD`) if a task module cannot be
   *   loaded; LaneError (`ERR_LANE_START_TIMEOUT`, `ERR_LANE_EXITED`, `ERR_LANE_OOM`) if a thread does not get ready
   */
  static async start<M = UntypedTasks, L extends string = string>(
    options: SchedulerOptions<L>,
  ): Promise<SchedulerThread<M, L>> {
    return new SchedulerThread<M, L>(options).start()
  }

  /**
   * Makes a scheduler that runs everything on the present thread, without a worker, and starts it: for unit tests.
   *
   * Arguments and results are cloned, errors taken apart and put together, limits, cancels and order as with threads,
   * and no task runs within `submit`. What takes a thread is missing: a task that holds the loop holds it for its
   * caller too and cannot be ended, `process.exit()` ends the process, and an error that a timer of a task throws is
   * the process's. All lanes share one module registry. A lane has one loop, whatever its `threads`.
   *
   * @param options as of `start`; `tasks` may also be an object of functions
   * @returns resolves when every lane has loaded its tasks and run their `setup`
   * @throws InvalidArgumentError that names the option; TaskLoadError (`ERR_TASK_LOAD`); LaneError
   *   (`ERR_LANE_START_TIMEOUT`)
   */
  static async inline<M = UntypedTasks, L extends string = string>(
    options: InlineOptions<M, L>,
  ): Promise<SchedulerThread<M, L>> {
    const plan = planInline(options)
    const scheduler = new SchedulerThread<M, L>(plan.options)
    // Loaded only here: who runs tasks on threads has no need of it.
    const { InlineConnection } = await inOwnContext(() => import('./inline-connection.js'))
    scheduler.#connect = (lanes, report) => new InlineConnection(lanes, plan.given, report)
    return scheduler.start()
  }

  /** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
  constructor(options: SchedulerOptions<L>) {
    this.#configs = readSchedulerOptions(options)
    const lanes: Record<string, Lane<M>> = Object.create(null)
    for (const { name } of this.#configs) lanes[name] = new Lane<M>(name)
    this.lanes = Object.freeze(lanes) as { readonly [K in L]: Lane<M> }
  }

  /**
   * Starts the lanes. Tasks may be submitted meanwhile.
   *
   * @returns this scheduler, once all lanes are ready; the same promise for every call
   * @throws as the static `start`; ClosedError (`ERR_CLOSED`) after `close()`
   */
  start(): Promise<this> {
    if (this.#mode === 'closing' || this.#mode === 'closed') return Promise.reject(new ClosedError())
    this.#starting ??= this.#stopping === null ? this.#start() : this.#stopping.then(() => this.#start())
    return this.#starting
  }

  async #start(): Promise<this> {
    if (this.#isEnding) throw new ClosedError()
    this.#mode = 'starting'
    const connection = this.#connect(this.#configs, error => this.#report(error))
    this.#connection = connection
    for (const lane of Object.values<Lane<M>>(this.lanes)) lane.connect(connection.lane(lane.name))
    try {
      await connection.started()
    } catch (error) {
      if (this.#isEnding) throw new ClosedError()
      this.#mode = 'stopped'
      this.#starting = null
      for (const lane of connection.sender) lane.fail(error as Error)
      await connection.close(0)
      throw error
    }
    if (!this.#isEnding) this.#mode = 'running'
    return this
  }

  get #isEnding(): boolean {
    return this.#mode === 'stopping' || this.#mode === 'closing' || this.#mode === 'closed'
  }

  /**
   * As `lanes[lane].submit`.
   *
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if there is no such lane; and as `submit`
   */
  submitTask<K extends TaskName<M>>(
    lane: L,
    name: K,
    ...rest: CallRest<TaskArgs<M, K>, TaskOptions<TaskResult<M, K>>>
  ): TaskHandle<TaskResult<M, K>> {
    if (!Object.hasOwn(this.lanes, lane)) {
      throw new InvalidArgumentError('lane', `one of ${Object.keys(this.lanes).join(', ')}`, lane)
    }
    return this.lanes[lane].submit(name, ...rest)
  }

  taskState(task: TaskHandle): TaskState {
    return task.state
  }

  /**
   * @param options.timeout milliseconds to wait at most
   * @returns true once the task is in a final state, false when the wait's own time is over
   */
  waitTask(task: TaskHandle, options?: { readonly timeout?: number }): Promise<boolean> {
    return task.wait(options)
  }

  /** @returns true only for the call that cancelled the task */
  cancelTask(task: TaskHandle, reason?: unknown): boolean {
    return task.cancel(reason)
  }

  /** What the scheduler is doing now. */
  async stats(): Promise<SchedulerStats> {
    const connection = this.#connection
    if (connection === null || this.#mode === 'stopped' || this.#mode === 'closed')
      throw new ClosedError('not running')
    const { lanes, abandoned, strays }: SupervisorStats = await connection.stats()
    const { sender } = connection
    const shown: Record<string, LaneStats> = {}
    for (const [name, lane] of Object.entries(lanes))
      shown[name] = { waiting: sender.lane(name).waiting, ...lane }
    return { lanes: shown, unfinished: sender.unfinished, abandoned, strays: strays + sender.strays }
  }

  /** Resolves when every task submitted so far, and any submitted meanwhile, has finished. */
  async drain(): Promise<void> {
    await this.#connection?.sender.idle()
  }

  /**
   * Refuses new tasks, cancels those there are, and ends the threads. `start()` begins anew.
   *
   * @param options.timeout milliseconds for the threads to go by themselves before they are ended; default 5,000
   */
  stop(options: { readonly timeout?: number } = {}): Promise<void> {
    const timeout = readTimeout(options)
    if (this.#mode === 'closing' || this.#mode === 'closed') return this.close()
    if (this.#stopping === null) {
      this.#starting = null
      this.#stopping = this.#end('stopping', 'stopped', timeout, timeout).finally(() => {
        this.#stopping = null
      })
    }
    return this.#stopping
  }

  /**
   * Refuses new tasks (`ERR_CLOSED`), waits for those there are, then cancels what is left, then ends what does not
   * go. Native code cannot be stopped in its middle: a thread that is in it goes on until it returns.
   *
   * @param options.timeout milliseconds for all of it together; default 5,000
   * @returns the same promise for every call
   */
  close(options: { readonly timeout?: number } = {}): Promise<void> {
    const timeout = readTimeout(options)
    this.#closing ??= this.#close(timeout)
    return this.#closing
  }

  async #close(timeout: number): Promise<void> {
    if (this.#stopping !== null) {
      await this.#stopping
      this.#mode = 'closed'
      return
    }
    // What is left at the end of the time must still be aborted and ended within it.
    const reserve = Math.min(timeout / 2, Math.max(...this.#configs.map(config => config.grace)))
    await this.#end('closing', 'closed', timeout, reserve)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  on<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.on(event, listener as never)
    return this
  }

  once<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.once(event, listener as never)
    return this
  }

  off<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this {
    this.#events.off(event, listener as never)
    return this
  }

  /**
   * The one way out of work, for `stop` and `close` alike.
   *
   * @param timeout milliseconds for all of it together
   * @param reserve the part of it that is not spent on waiting for tasks
   */
  async #end(
    during: 'stopping' | 'closing',
    after: 'stopped' | 'closed',
    timeout: number,
    reserve: number,
  ): Promise<void> {
    const until = monotonicClock.now() + timeout
    this.#mode = during
    const connection = this.#connection
    if (connection !== null) {
      const refusal = new ClosedError(
        during === 'closing' ? 'the scheduler is closed' : 'the scheduler is stopped',
      )
      for (const lane of connection.sender) lane.refuse(refusal)
      await connection.sender.idle(timeout - reserve)
      for (const lane of connection.sender) lane.cancelAll(name => new TaskCanceledError(name, refusal))
      // What the tasks did not need is the threads' own, for their teardown.
      await connection.close(Math.max(reserve, until - monotonicClock.now()))
    }
    this.#mode = after
  }

  #report(error: unknown): void {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error)
    else process.emitWarning(error instanceof Error ? error : String(error))
  }
}

function readTimeout(options: { readonly timeout?: number }): number {
  knownKeys('options', options, ['timeout'])
  return options.timeout === undefined
    ? DEFAULT_CLOSE_TIMEOUT_MS
    : finiteAtLeast('timeout', options.timeout, 0)
}
