import { pathToUncloneable } from '../bridge/uncloneable.js'
import { finiteAtLeast, integerWithin, knownKeys, oneOf, plainObject } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'
import { LANE_PRIORITIES, type LanePriority } from '../core/lane-rank.js'
import type { LaneConfig } from './lane-config.js'
import { OS_PRIORITIES, type OsPriority } from './os-priority.js'
import { type QueueOptions, readQueueOptions } from './queue-options.js'
import { SIGHT_KEYS, type SightOptions } from './sight-options.js'
import { readModuleUrl } from './task-module-url.js'
import { readThreadOptions, THREAD_KEYS, type ThreadOptions } from './thread-options.js'
import { readThreads, type ThreadsOption } from './thread-range.js'

export type { LanePriority }

const STALL_ACTIONS = ['report', 'replace', 'terminate'] as const

/** The options of one lane. */
export interface LaneOptions extends ThreadOptions {
  /** How urgent the lane is; it decides the defaults below. Default `user-visible`. */
  readonly priority?: LanePriority
  /**
   * How many threads the lane has, 1 (the default) to 256; or within which bounds their number follows the work: it
   * grows one by one while tasks wait, and a thread above `min` leaves when it has been idle for `idleTimeout`
   * milliseconds (default 10,000).
   */
  readonly threads?: ThreadsOption
  /** Tasks at a time on one thread's loop, 1 to 65,536. Default 1 for `background`, else 64. */
  readonly concurrency?: number
  readonly queue?: QueueOptions
  /** Milliseconds a cancelled task has before it is given up, or its thread ended (then at least 50). Default 200. */
  readonly grace?: number
  /** Microseconds an idle thread looks for the next task before it sleeps. Default 50 for `user-blocking`, else 0. */
  readonly spin?: number
  /**
   * Milliseconds a task may hold its thread's event loop, from its start to its return or its first `await`; one that
   * holds it longer is told by the event `slow` when it lets go. Default 50; Infinity reports none.
   */
  readonly slowCallback?: number
  /**
   * Milliseconds a task may hold its thread's event loop, as above, until that is told by the event `stall`, while it
   * lasts. If the thread that made the scheduler is blocked too and does not hear it within half a second (or as long
   * again, if that is longer), a report goes to standard error instead. It is looked at twice in that time, and not
   * more often than each 20 ms. Default 1,000, for `user-blocking` 100; Infinity reports none.
   */
  readonly stallAfter?: number
  /**
   * What is done about a stall besides telling it.
   *
   * `report` (the default): nothing. `replace`: a fresh thread is started at once and takes over what has not started on
   * the stalled one, each task once; the stalled one gets nothing more, and leaves when all that it has started is done,
   * with its results. `terminate`: the thread is ended and replaced; the task that holds it fails with
   * `ERR_LANE_TERMINATED` and is not run again; its neighbours are if they are `idempotent`, else they fail with the same
   * error; what has not started moves.
   *
   * Both are done at most `restart.max` times within `restart.within`, apart from what `restart` itself counts; and of
   * replaced threads there are at most `restart.max` (and 256) at a time beyond `threads`. Past that a stall is only told,
   * until there is room again.
   */
  readonly onStall?: 'report' | 'replace' | 'terminate'
  /**
   * How the operating system is to schedule the threads: on Linux, the lowest nice priority (`nice`), and the policy
   * `SCHED_IDLE` besides (`idle`), for which the command `chrt` must be there. What cannot be had falls back to `nice`,
   * then to `normal`; `stats()` tells. Default `nice` for `background`, else `normal`.
   */
  readonly os?: OsPriority
  /**
   * How many threads the lane may lose within so many milliseconds before it is closed. Default 5 in 10,000. Those that
   * `onStall` has to do with are counted apart, by the same measure.
   */
  readonly restart?: { readonly max?: number; readonly within?: number }
  /** Milliseconds a thread has to load the task module and run its `setup`. Default 10,000. */
  readonly startTimeout?: number
  /** What the task module's `setup` is called with. */
  readonly workerData?: unknown
  /** The lane's own task module, in place of the scheduler's. */
  readonly tasks?: URL | string
}

export interface SchedulerOptions<L extends string = string> extends SightOptions {
  /** The task module: a URL, or an absolute path. */
  readonly tasks?: URL | string
  /** The lanes, by name. */
  readonly lanes: Readonly<Record<L, LaneOptions>>
}

const LANE_KEYS = [
  'priority',
  'threads',
  'concurrency',
  'queue',
  'grace',
  'spin',
  'os',
  'slowCallback',
  'stallAfter',
  'onStall',
  'restart',
  'startTimeout',
  'workerData',
  'tasks',
  ...THREAD_KEYS,
]
export const MAX_CONCURRENCY = 65_536
const DEFAULT_QUEUE_LIMIT = 100_000

/**
 * Checks the options of a scheduler and completes them with their defaults.
 *
 * @throws InvalidArgumentError that names the option
 */
export function readSchedulerOptions(options: SchedulerOptions): LaneConfig[] {
  plainObject('options', options)
  knownKeys('', options, ['tasks', 'lanes', ...SIGHT_KEYS])
  const lanes = plainObject('lanes', options.lanes) as SchedulerOptions['lanes']
  const names = Object.keys(lanes)
  if (names.length === 0) throw new InvalidArgumentError('lanes', 'an object with at least one lane', lanes)
  return names.map(name => readLaneOptions(name, lanes[name]!, options.tasks))
}

function readLaneOptions(
  name: string,
  options: LaneOptions,
  commonTasks: URL | string | undefined,
): LaneConfig {
  const at = `lanes.${name}`
  plainObject(at, options)
  knownKeys(at, options, LANE_KEYS)
  // Defaults stand in for undefined alone: null is a mistake.
  const { priority = 'user-visible', threads = 1, queue = {}, restart = {} } = options
  oneOf(`${at}.priority`, priority, LANE_PRIORITIES)
  const urgent = priority === 'user-blocking'
  const background = priority === 'background'
  knownKeys(`${at}.restart`, plainObject(`${at}.restart`, restart), ['max', 'within'])
  const { max = 5, within = 10_000 } = restart
  const { concurrency = background ? 1 : 64, os = background ? 'nice' : 'normal' } = options
  const { grace = 200, spin = urgent ? 50 : 0, startTimeout = 10_000 } = options
  const { slowCallback = 50, stallAfter = urgent ? 100 : 1000, onStall = 'report' } = options
  return {
    name,
    rank: LANE_PRIORITIES.indexOf(priority),
    tasks:
      options.tasks === undefined
        ? readModuleUrl('tasks', commonTasks)
        : readModuleUrl(`${at}.tasks`, options.tasks),
    threads: readThreads(`${at}.threads`, threads),
    concurrency: integerWithin(`${at}.concurrency`, concurrency, 1, MAX_CONCURRENCY),
    ...readQueueOptions(`${at}.queue`, queue, DEFAULT_QUEUE_LIMIT),
    grace: finiteAtLeast(`${at}.grace`, grace, 0),
    spin: finiteAtLeast(`${at}.spin`, spin, 0) / 1000,
    slowCallback: readBudget(`${at}.slowCallback`, slowCallback, 0),
    stallAfter: readBudget(`${at}.stallAfter`, stallAfter, 1),
    onStall: oneOf(`${at}.onStall`, onStall, STALL_ACTIONS),
    os: oneOf(`${at}.os`, os, OS_PRIORITIES),
    restart: {
      max: integerWithin(`${at}.restart.max`, max, 0, 1_000_000),
      within: finiteAtLeast(`${at}.restart.within`, within, 0),
    },
    startTimeout: finiteAtLeast(`${at}.startTimeout`, startTimeout, 1),
    ...readThreadOptions(at, options),
    workerData: readCloneable(`${at}.workerData`, options.workerData),
  }
}

/** Milliseconds, or Infinity for what is never reported. */
export function readBudget(option: string, budget: unknown, least: number): number {
  return budget === Number.POSITIVE_INFINITY ? budget : finiteAtLeast(option, budget, least)
}

function readCloneable(option: string, value: unknown): unknown {
  const path = pathToUncloneable(value, option)
  if (path !== undefined)
    throw new InvalidArgumentError(path, 'something that can be cloned to another thread', value)
  return value
}
