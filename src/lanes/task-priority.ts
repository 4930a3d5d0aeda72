import { integerWithin } from '../core/checks.js'

const MAX_PRIORITY = 1_000_000

/** @throws InvalidArgumentError */
export function readPriority(priority: unknown): number {
  return integerWithin('priority', priority, 0, MAX_PRIORITY)
}
