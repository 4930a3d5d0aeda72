import { pathToFileURL } from 'node:url'
import { pathToUncloneable } from '../bridge/uncloneable.js'
import { OVERLOAD_POLICIES, type OverloadPolicy } from '../core/admission.js'
import { finiteAtLeast, integerWithin, knownKeys, oneOf, plainObject } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { LaneConfig } from './lane-config.js'
import { OS_PRIORITIES, type OsPriority } from './os-priority.js'
import { SIGHT_KEYS, type SightOptions } from './sight-options.js'
import { readThreads, type ThreadsOption } from './thread-range.js'

/** Named as in the web platform's Prioritized Task Scheduling API. */
export type LanePriority = 'user-blocking' | 'user-visible' | 'background'
const STALL_ACTIONS = ['report', 'replace', 'terminate'] as const
const PRIORITIES = ['user-blocking', 'user-visible', 'background'] as const

/** The options of one lane. */
export interface LaneOptions {
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
  readonly queue?: {
    /**
     * The most tasks that may wait, started ones not counted: an integer, or Infinity. Default 100,000. Every task waits
     * until the end of the turn that submits it, so 0 refuses them all; it is taken with `reject` alone.
     */
    readonly limit?: number
    /**
     * What happens past the limit. `reject` (the default): the task is refused with `ERR_QUEUE_FULL`. `wait`: it stays
     * NEW until there is room (`task.accepted`); of such tasks there are at most 100,000, then it is refused.
     * `drop-oldest`: the waiting task that came first is CANCELED with `ERR_DROPPED`. `drop-expired`: so are those that
     * cannot end in time any more, their `queueTimeout` or `deadline` being over or nearer than their function lately
     * took; if there are none, the task is refused.
     */
    readonly overload?: OverloadPolicy
  }
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
  /** Limits of the JavaScript heap, as Node's Worker takes them. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number
    readonly maxYoungGenerationSizeMb?: number
    readonly codeRangeSizeMb?: number
    readonly stackSizeMb?: number
  }
  /** The threads' `process.env`. Default empty. */
  readonly env?: Readonly<Record<string, string>>
  /** What the task module's `setup` is called with. */
  readonly workerData?: unknown
  /** Node options of the threads, as Node's Worker takes them. */
  readonly execArgv?: readonly string[]
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
  'resourceLimits',
  'env',
  'workerData',
  'execArgv',
  'tasks',
]
const RESOURCE_LIMITS = [
  'maxOldGenerationSizeMb',
  'maxYoungGenerationSizeMb',
  'codeRangeSizeMb',
  'stackSizeMb',
]

const MAX_CONCURRENCY = 65_536
/** A lane is never silently given more memory than its author thought of. */
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
  oneOf(`${at}.priority`, priority, PRIORITIES)
  const urgent = priority === 'user-blocking'
  const background = priority === 'background'
  knownKeys(`${at}.queue`, plainObject(`${at}.queue`, queue), ['limit', 'overload'])
  const overload = oneOf(
    `${at}.queue.overload`,
    queue.overload === undefined ? 'reject' : queue.overload,
    OVERLOAD_POLICIES,
  )
  knownKeys(`${at}.restart`, plainObject(`${at}.restart`, restart), ['max', 'within'])
  const { max = 5, within = 10_000 } = restart
  const { concurrency = background ? 1 : 64, os = background ? 'nice' : 'normal' } = options
  const { grace = 200, spin = urgent ? 50 : 0, startTimeout = 10_000 } = options
  const { slowCallback = 50, stallAfter = urgent ? 100 : 1000, onStall = 'report' } = options
  return {
    name,
    tasks:
      options.tasks === undefined
        ? readModule('tasks', commonTasks)
        : readModule(`${at}.tasks`, options.tasks),
    threads: readThreads(`${at}.threads`, threads),
    concurrency: integerWithin(`${at}.concurrency`, concurrency, 1, MAX_CONCURRENCY),
    // What is to wait for room, or to take another's, needs some.
    queueLimit: readQueueLimit(`${at}.queue.limit`, queue.limit, overload === 'reject' ? 0 : 1),
    overload,
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
    resourceLimits: readResourceLimits(`${at}.resourceLimits`, options.resourceLimits),
    env: readEnv(`${at}.env`, options.env),
    workerData: readCloneable(`${at}.workerData`, options.workerData),
    execArgv: readExecArgv(`${at}.execArgv`, options.execArgv),
  }
}

function readModule(option: string, module: unknown): string {
  if (module instanceof URL) return module.href
  if (typeof module !== 'string' || module === '') {
    throw new InvalidArgumentError(option, 'the URL or absolute path of the task module', module)
  }
  if (/^(file|data|node):/.test(module)) return module
  if (!/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(module)) {
    throw new InvalidArgumentError(
      option,
      'a URL or an absolute path (relative to what, nobody could tell)',
      module,
    )
  }
  return pathToFileURL(module).href
}

/** Milliseconds, or Infinity for what is never reported. */
function readBudget(option: string, budget: unknown, least: number): number {
  return budget === Number.POSITIVE_INFINITY ? budget : finiteAtLeast(option, budget, least)
}

function readQueueLimit(option: string, limit: unknown, least: number): number {
  if (limit === Number.POSITIVE_INFINITY) return limit
  return limit === undefined
    ? DEFAULT_QUEUE_LIMIT
    : integerWithin(option, limit, least, Number.MAX_SAFE_INTEGER)
}

function readResourceLimits(option: string, limits: unknown): Readonly<Record<string, number>> | undefined {
  if (limits === undefined) return undefined
  const given = plainObject(option, limits)
  knownKeys(option, given, RESOURCE_LIMITS)
  for (const [name, value] of Object.entries(given)) finiteAtLeast(`${option}.${name}`, value, 1)
  return given as Readonly<Record<string, number>>
}

function readEnv(option: string, env: unknown): Readonly<Record<string, string>> {
  if (env === undefined) return {}
  const given = plainObject(option, env)
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') throw new InvalidArgumentError(`${option}.${name}`, 'a string', value)
  }
  return { ...given } as Record<string, string>
}

function readExecArgv(option: string, argv: unknown): readonly string[] | undefined {
  if (argv === undefined) return undefined
  if (!Array.isArray(argv) || argv.some(arg => typeof arg !== 'string')) {
    throw new InvalidArgumentError(option, 'an array of strings', argv)
  }
  return [...argv]
}

function readCloneable(option: string, value: unknown): unknown {
  const path = pathToUncloneable(value, option)
  if (path !== undefined)
    throw new InvalidArgumentError(path, 'something that can be cloned to another thread', value)
  return value
}
