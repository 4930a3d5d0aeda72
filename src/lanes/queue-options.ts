import { OVERLOAD_POLICIES, type OverloadPolicy } from '../core/admission.js'
import { integerWithin, knownKeys, oneOf, plainObject } from '../core/checks.js'

/** How many tasks may wait, and what happens past that. */
export interface QueueOptions {
  /**
   * The most tasks that may wait, whichever thread submitted them, started ones not counted: an integer, or Infinity. Default 100,000 for a lane of
   * threads, which is never silently given more memory than its author thought of; Infinity for an `AsyncScheduler`.
   * Every task waits until the end of the turn that submits it, so 0 refuses them all; it is taken with `reject` alone.
   */
  readonly limit?: number
  /**
   * What happens past the limit. `reject` (the default): the task is refused with `ERR_QUEUE_FULL`. `wait`: it stays
   * NEW until there is room (`task.accepted`); of such tasks there are at most 100,000, then it is refused.
   * `drop-oldest`: the waiting task of the same submitter that came first is CANCELED with `ERR_DROPPED`. `drop-expired`: so are those that
   * cannot end in time any more, their `queueTimeout` or `deadline` being over or nearer than their function lately
   * took; if there are none, the task is refused.
   */
  readonly overload?: OverloadPolicy
}

/**
 * @param at the path of the option
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
 */
export function readQueueOptions(
  at: string,
  queue: QueueOptions,
  defaultLimit: number,
): { readonly queueLimit: number; readonly overload: OverloadPolicy } {
  knownKeys(at, plainObject(at, queue), ['limit', 'overload'])
  const { limit = defaultLimit, overload: policy = 'reject' } = queue
  const overload = oneOf(`${at}.overload`, policy, OVERLOAD_POLICIES)
  // What is to wait for room, or to take another's, needs some.
  const least = overload === 'reject' ? 0 : 1
  const queueLimit =
    limit === Number.POSITIVE_INFINITY
      ? limit
      : integerWithin(`${at}.limit`, limit, least, Number.MAX_SAFE_INTEGER)
  return { queueLimit, overload }
}
