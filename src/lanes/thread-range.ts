import { finiteAtLeast, integerWithin, knownKeys } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'

/** How many threads a lane has. */
export interface ThreadRange {
  /** It never has fewer, but for the time it takes to replace a lost one. */
  readonly min: number
  /** It never has more. */
  readonly max: number
  /** Milliseconds after which an idle thread above `min` leaves. */
  readonly idleTimeout: number
}

/** What may be said of it: a number is both `min` and `max`. */
export type ThreadsOption =
  | number
  | { readonly min: number; readonly max: number; readonly idleTimeout?: number }

/** The most threads that a lane may be configured to have. */
export const MOST_THREADS = 256
const DEFAULT_IDLE_TIMEOUT_MS = 10_000

/** @throws InvalidArgumentError that names what is wrong, such as `lanes.bulk.threads.max` */
export function readThreads(option: string, threads: unknown): ThreadRange {
  if (typeof threads !== 'object' || threads === null || Array.isArray(threads)) {
    if (typeof threads === 'number' && Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) {
      return { min: threads, max: threads, idleTimeout: DEFAULT_IDLE_TIMEOUT_MS }
    }
    const expected = `an integer from 1 to ${MOST_THREADS}, or an object with min, max and idleTimeout`
    throw new InvalidArgumentError(option, expected, threads)
  }
  knownKeys(option, threads, ['min', 'max', 'idleTimeout'])
  const given = threads as Readonly<Record<string, unknown>>
  const min = integerWithin(`${option}.min`, given.min, 1, MOST_THREADS)
  const max = integerWithin(`${option}.max`, given.max, min, MOST_THREADS)
  const { idleTimeout = DEFAULT_IDLE_TIMEOUT_MS } = given
  return { min, max, idleTimeout: finiteAtLeast(`${option}.idleTimeout`, idleTimeout, 0) }
}
