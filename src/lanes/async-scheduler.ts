import { Deliveries } from '../bridge/deliveries.js'
import { ClosedError, InvalidArgumentError } from '../core/errors.js'
import { Task, UnheldTask } from '../core/task.js'
import { type AsyncSchedulerConfig, readAsyncOptions } from './async-config.js'
import type { AsyncLane, AsyncSchedulerOptions } from './async-options.js'
import { AsyncTask } from './async-task.js'
import { LocalConnection } from './local-connection.js'
import { monotonicClock } from './monotonic-clock.js'
import { nextTurn, ownMicrotask } from './own-context.js'
import { SchedulerBase } from './scheduler-base.js'
import type { CommonTerms, SchedulerConnection } from './scheduler-connection.js'
import {
  handleOf,
  type Resolve,
  resolveTaken,
  type SubmissionSurroundings,
  submitInPlace,
  submitWithOptions,
  takeResolve,
} from './submission.js'
import { SubmissionSites } from './submission-site.js'
import { SyncTask } from './sync-task.js'
import type { TaskDescription } from './task-description.js'
import type { TaskHandle } from './task-handle.js'
import { readTaskOptions, type TaskOptions } from './task-options.js'
import { promiseOf, waitsFor } from './task-promise.js'

/**
 * Runs tasks on the event loop of the thread that made it: asynchronous functions on the loop itself, so many at a time,
 * and blocking ones on threads of a pool. The verbs, states, timestamps and callbacks are those of `SchedulerThread`.
 *
 * It has two lanes: `'loop'`, where an `AsyncTask` runs, and `'pool'`, where a `SyncTask` does. Tasks of the loop begin
 * in later microtasks of the turn that submits them, for 2 milliseconds of a turn; then timers and sockets have theirs.
 */
export class AsyncScheduler extends SchedulerBase<AsyncLane> {
  readonly #config: AsyncSchedulerConfig
  readonly #sites = new SubmissionSites()
  readonly #deliveries = new Deliveries(ownMicrotask, nextTurn)
  readonly #surroundings: SubmissionSurroundings = {
    deliver: call => this.#deliveries.deliver(call),
    // Nobody can wait synchronously for what has not been ended yet.
    undisturbed: call => call(),
    inPlace: submit => this.#deliveries.inPlace(submit),
    report: error => this.report(error),
  }
  #connection: LocalConnection | null = null

  /**
   * Makes a scheduler and starts it. The pool's threads are started when there is work for them.
   *
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
   */
  static async start(options: AsyncSchedulerOptions = {}): Promise<AsyncScheduler> {
    return new AsyncScheduler(options).start()
  }

  /** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
  constructor(options: AsyncSchedulerOptions = {}) {
    const config = readAsyncOptions(options)
    super([config.loop.name, config.pool.name], options, config.loop.grace)
    this.#config = config
  }

  /**
   * Runs a task: `submitTask` and its result.
   *
   * @param task an `AsyncTask` or a `SyncTask`
   * @param options as of `submitTask`
   * @returns what the function comes to; rejects with what it throws, and with every error of `submitTask`
   */
  run<R>(task: TaskDescription<R>, options?: TaskOptions<R>): Promise<R> {
    try {
      const promise = promiseOf<R>(takeResolve as never)
      const submitted = this.#submit(task, options as TaskOptions<never> | undefined, resolveTaken())
      waitsFor(promise, submitted)
      return promise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Submits a task and answers its handle at once.
   *
   * @param task an `AsyncTask` or a `SyncTask`
   * @param options those of every task; `transfer` for a `SyncTask` alone, since nothing else is cloned
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`), QueueFullError (`ERR_QUEUE_FULL`), ClosedError (`ERR_CLOSED`): the
   *   task was refused and there is no handle
   */
  submitTask<R>(task: TaskDescription<R>, options?: TaskOptions<R>): TaskHandle<R> {
    const submitted = this.#submit(task, options as TaskOptions<never> | undefined, null)
    const { epoch } = this.#present
    return handleOf(submitted, this.#present[submitted.target.lane as AsyncLane], epoch)
  }

  /** @internal */
  protected override connect(terms: CommonTerms): SchedulerConnection {
    this.#connection = new LocalConnection(this.#config, terms, {
      slow: (task, held) => {
        const { name, lane } = task.target
        this.emit('slow', { lane, name, id: task.sequence, held, ...this.#sites.reportedSlow(task) })
      },
      died: (thread, error, restarts) =>
        this.emit('restart', { lane: this.#config.pool.name, thread, error, after: 0, restarts }),
    })
    return this.#connection
  }

  /** @internal */
  protected override heard(isSlowHeard: boolean): void {
    this.#sites.isWanted = isSlowHeard && this.#config.loop.slowCallback !== Number.POSITIVE_INFINITY
  }

  get #present(): LocalConnection {
    if (this.#connection === null) throw new ClosedError('the scheduler was not started')
    return this.#connection
  }

  #submit(
    description: TaskDescription,
    options: TaskOptions<never> | undefined,
    resolve: Resolve | null,
  ): Task {
    const connection = this.#present
    const name = laneOf(description)
    const lane = connection[name]
    const now = monotonicClock.now()
    const read = options === undefined ? null : readTaskOptions(options, now, Date.now)
    const extras = read?.extras ?? null
    if (name === 'loop' && extras !== null && extras.transfer !== null)
      throw new InvalidArgumentError(
        'transfer',
        'left out: nothing of an AsyncTask is cloned',
        extras.transfer,
      )
    const how = lane.admit(now)
    const target = connection.targets[name].get(description.name)
    // What is to be called stands where other tasks have their arguments.
    const call = description as never
    const number = connection.nextNumber()
    const task =
      resolve !== null && extras === null
        ? new UnheldTask(target, number, call, now, resolve, null)
        : new Task(target, number, call, now, resolve, extras)
    if (name === 'loop') this.#sites.note(task)
    if (how === 'drop') submitInPlace(task, read, lane, connection.epoch, this.#surroundings)
    else if (read === null) lane.submit(task, how)
    else submitWithOptions(task, read, how, lane, connection.epoch, this.#surroundings)
    return task
  }
}

function laneOf(task: TaskDescription): AsyncLane {
  const isKind = task instanceof AsyncTask || task instanceof SyncTask
  // A prototype alone makes no task: what the constructor checks has been checked of none of its fields.
  if (isKind && task.lane !== undefined) return task.lane
  throw new InvalidArgumentError('task', 'an AsyncTask or a SyncTask', task)
}
