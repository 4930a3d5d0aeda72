import { Failure } from '../bridge/failure.js'
import { NO_ARGUMENTS } from '../bridge/job.js'
import type { LaneSender } from '../bridge/lane-sender.js'
import type { Sender } from '../bridge/sender.js'
import type { Epoch } from '../core/clock.js'
import { ClosedError, InvalidArgumentError, TaskCanceledError } from '../core/errors.js'
import { Task } from '../core/task.js'
import type { CallRest, SoleArg, TaskArgs, TaskName, TaskResult } from './call-types.js'
import { MapCall } from './map-call.js'
import {
  handleOf,
  type Resolve,
  resolveTaken,
  submitInPlace,
  submitWithOptions,
  takeResolve,
} from './submission.js'
import { SubmissionSites } from './submission-site.js'
import type { TaskHandle } from './task-handle.js'
import { readTaskOptions, type TaskOptions } from './task-options.js'
import { promiseOf, waitsFor } from './task-promise.js'

/**
 * Where a lane's tasks go now: it changes when a stopped scheduler is started again.
 *
 * @internal
 */
export interface LaneConnection {
  readonly sender: Sender
  readonly lane: LaneSender
  readonly epoch: Epoch
}

/**
 * One lane, as those see it who send it tasks. `M` is the type of the task module: names, arguments and results are
 * inferred from it.
 */
export class Lane<M> {
  readonly name: string
  /** @internal */
  readonly sites = new SubmissionSites()
  #connected: LaneConnection | null = null

  /** @internal */
  constructor(name: string) {
    this.name = name
  }

  /** @internal */
  connect(connection: LaneConnection): void {
    this.#connected = connection
  }

  get #connection(): LaneConnection {
    if (this.#connected === null) throw new ClosedError('the scheduler was not started')
    return this.#connected
  }

  /**
   * Runs a function of the task module on this lane.
   *
   * @param name the function's name
   * @param rest its arguments, as an array, and the task's options
   * @returns what the function returns; rejects with what it throws, and with every error of `submit`
   */
  run<K extends TaskName<M>>(
    name: K,
    ...rest: CallRest<TaskArgs<M, K>, TaskOptions<TaskResult<M, K>>>
  ): Promise<TaskResult<M, K>> {
    try {
      const promise = promiseOf<TaskResult<M, K>>(takeResolve as never)
      const task = this.#submit(name, rest[0], rest[1] as TaskOptions<never> | undefined, resolveTaken())
      waitsFor(promise, task)
      return promise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Submits a task and answers its handle at once.
   *
   * @param name the function's name
   * @param rest its arguments, as an array, and the task's options
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`), QueueFullError (`ERR_QUEUE_FULL`), ClosedError (`ERR_CLOSED`),
   *   LaneError (`ERR_LANE_FAILED`): the task was refused and there is no handle
   */
  submit<K extends TaskName<M>>(
    name: K,
    ...rest: CallRest<TaskArgs<M, K>, TaskOptions<TaskResult<M, K>>>
  ): TaskHandle<TaskResult<M, K>> {
    const connection = this.#connection
    const task = this.#submit(name, rest[0], rest[1] as TaskOptions<never> | undefined, null)
    return handleOf(task, connection.lane, connection.epoch)
  }

  /**
   * Runs a function once for each item, with the item as its one argument, at the cost of one call: the items leave
   * together, and have one promise. On a lane whose `queue.overload` is `wait`, they are taken from their iterable as
   * there is room.
   *
   * @param name the function's name
   * @param items what to call it with
   * @param options the options of each task
   * @returns the results in the order of the items. Rejects with the first failure, and then cancels the others
   */
  map<K extends TaskName<M>>(
    name: K,
    items: Iterable<SoleArg<TaskArgs<M, K>>>,
    options?: TaskOptions<TaskResult<M, K>>,
  ): Promise<TaskResult<M, K>[]> {
    try {
      const { lane, sender } = this.#connection
      if (typeof (items as Partial<typeof items> | null | undefined)?.[Symbol.iterator] !== 'function') {
        throw new InvalidArgumentError('items', 'an iterable', items)
      }
      return MapCall.run<TaskResult<M, K>>(
        {
          deliveries: sender.deliveries,
          submit: (item, resolve) =>
            this.#submit(name, [item], options as TaskOptions<never> | undefined, resolve),
          cancel: (task, cause) =>
            lane.cancel(
              task,
              Failure.later(() => new TaskCanceledError(name, cause)),
              cause,
            ),
        },
        items,
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #submit(
    name: string,
    args: readonly unknown[] = NO_ARGUMENTS,
    options: TaskOptions<never> | undefined,
    resolve: Resolve | null,
  ): Task {
    const { lane, sender, epoch } = this.#connection
    if (typeof name !== 'string') throw new InvalidArgumentError('name', 'the name of a task', name)
    if (!Array.isArray(args)) throw new InvalidArgumentError('args', 'an array', args)
    const now = sender.environment.clock.now()
    const read = options === undefined ? null : readTaskOptions(options, now, Date.now)
    const how = lane.admit()
    const task = new Task(lane.target(name), sender.nextSequence(), args, now, resolve, read?.extras ?? null)
    this.sites.note(task)
    if (how === 'drop') submitInPlace(task, read, lane, epoch, sender.surroundings)
    else if (read === null) lane.submit(task, how)
    else submitWithOptions(task, read, how, lane, epoch, sender.surroundings)
    return task
  }
}
