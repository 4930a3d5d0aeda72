import { availableParallelism } from 'node:os'
import { finiteAtLeast, integerWithin, knownKeys, plainObject } from '../core/checks.js'
import type { AsyncLane, AsyncSchedulerOptions } from './async-options.js'
import type { LocalTerms } from './local-terms.js'
import type { LoopTerms } from './loop-lane.js'
import { readQueueOptions } from './queue-options.js'
import { MAX_CONCURRENCY, readBudget } from './scheduler-options.js'
import { SIGHT_KEYS } from './sight-options.js'
import { readThreadOptions, THREAD_KEYS, type ThreadConfig } from './thread-options.js'
import { MOST_THREADS } from './thread-range.js'

/** The pool, checked and completed. */
export interface AsyncPoolConfig extends ThreadConfig {
  readonly idleTimeout: number
  readonly startTimeout: number
}

/** What an `AsyncScheduler` is made of. */
export interface AsyncSchedulerConfig {
  readonly loop: LoopTerms
  readonly pool: LocalTerms
  readonly threads: AsyncPoolConfig
}

const KEYS = ['concurrency', 'queue', 'grace', 'slowCallback', 'pool', ...SIGHT_KEYS]
const POOL_KEYS = ['threads', 'idleTimeout', 'startTimeout', ...THREAD_KEYS]
/** The longest that a timer of Node waits. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Checks the options of an `AsyncScheduler` and completes them with their defaults.
 *
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
 */
export function readAsyncOptions(options: AsyncSchedulerOptions): AsyncSchedulerConfig {
  knownKeys('', plainObject('options', options), KEYS)
  const { concurrency = 64, queue = {}, grace = 200, slowCallback = 50, pool = {} } = options
  knownKeys('pool', plainObject('pool', pool), POOL_KEYS)
  const {
    threads = Math.min(availableParallelism(), MOST_THREADS),
    idleTimeout = 10_000,
    startTimeout = 10_000,
  } = pool
  const common = {
    ...readQueueOptions('queue', queue, Number.POSITIVE_INFINITY),
    grace: finiteAtLeast('grace', grace, 0),
  }
  return {
    loop: {
      ...common,
      name: 'loop' satisfies AsyncLane,
      concurrency: integerWithin('concurrency', concurrency, 1, MAX_CONCURRENCY),
      slowCallback: readBudget('slowCallback', slowCallback, 0),
    },
    pool: {
      ...common,
      name: 'pool' satisfies AsyncLane,
      concurrency: integerWithin('pool.threads', threads, 1, MOST_THREADS),
    },
    threads: {
      ...readThreadOptions('pool', pool),
      idleTimeout: integerWithin('pool.idleTimeout', idleTimeout, 0, LONGEST_MS),
      startTimeout: finiteAtLeast('pool.startTimeout', startTimeout, 1),
    },
  }
}
