import { decodeError } from '../bridge/error-codec.js'
import type { LaneWatcher } from '../bridge/sender-context.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { CallRest, TaskArgs, TaskName, TaskResult, UntypedTasks } from './call-types.js'
import type { InlineOptions } from './inline-options.js'
import { planInline } from './inline-plan.js'
import { Lane } from './lane.js'
import type { LaneConfig } from './lane-config.js'
import { inOwnContext } from './own-context.js'
import { SchedulerBase } from './scheduler-base.js'
import type { CommonTerms, Connect, SenderConnection } from './scheduler-connection.js'
import { readSchedulerOptions, type SchedulerOptions } from './scheduler-options.js'
import { SupervisorConnection } from './supervisor-connection.js'
import type { Lanes } from './task-context.js'
import type { TaskHandle } from './task-handle.js'
import type { TaskOptions } from './task-options.js'

/**
 * Runs tasks on prioritized lanes of worker threads. `M` is the type of the task module, `L` the names of the lanes.
 */
export class SchedulerThread<M = UntypedTasks, L extends string = string> extends SchedulerBase<L> {
  /** The lanes, by name. */
  readonly lanes: { readonly [K in L]: Lane<M> }
  readonly #configs: readonly LaneConfig[]
  // Of whoever's code starts it, its ports and timers hold nothing.
  #connect: Connect = terms => inOwnContext(() => new SupervisorConnection(terms))

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
    scheduler.#connect = terms => new InlineConnection(terms, plan.given)
    return scheduler.start()
  }

  /** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
  constructor(options: SchedulerOptions<L>) {
    const configs = readSchedulerOptions(options)
    super(
      configs.map(({ name }) => name),
      options,
      Math.max(...configs.map(({ grace }) => grace)),
    )
    this.#configs = configs
    const lanes: Record<string, Lane<M>> = Object.create(null)
    for (const { name } of this.#configs) lanes[name] = new Lane<M>(name)
    this.lanes = Object.freeze(lanes) as { readonly [K in L]: Lane<M> }
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

  /** @internal */
  protected override connect(terms: CommonTerms): SenderConnection {
    const connection = this.#connect({
      ...terms,
      lanes: this.#configs,
      faces: this.lanes as unknown as Lanes,
      watcher: this.#watcher,
    })
    for (const lane of Object.values<Lane<M>>(this.lanes)) lane.connect(connection.lane(lane.name))
    return connection
  }

  /** @internal */
  protected override heard(isSlowHeard: boolean): void {
    for (const { name, slowCallback } of this.#configs)
      this.lanes[name as L].sites.isWanted = isSlowHeard && slowCallback !== Number.POSITIVE_INFINITY
  }

  readonly #watcher: LaneWatcher = {
    slow: (task, held) => {
      const { name, lane } = task.target
      const site = this.lanes[lane as L].sites.reportedSlow(task)
      this.emit('slow', { lane, name, id: task.sequence, held, ...site })
    },
    stall: ({ lane, thread, task, candidates, silent, action, stack }) =>
      this.emit('stall', { lane, thread, task, candidates, silent, action, stack }),
    restart: ({ lane, thread, error, after, restarts }) =>
      this.emit('restart', { lane, thread, error: decodeError(error), after, restarts }),
  }
}
