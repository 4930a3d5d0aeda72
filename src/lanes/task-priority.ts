import { integerWithin } from '../core/checks.js'
import { MAX_PRIORITY } from '../core/lane-rank.js'

/** @throws InvalidArgumentError */
export function readPriority(priority: unknown): number {
  return integerWithin('priority', priority, 0, MAX_PRIORITY)
}
