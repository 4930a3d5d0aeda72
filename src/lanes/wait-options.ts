import { finiteAtLeast, knownKeys, oneOf, plainObject } from '../core/checks.js'
import type { TaskStateGroup } from '../core/task-state.js'

export interface WaitOptions {
  /** Milliseconds to wait at most; without it, as long as it takes. */
  readonly timeout?: number
  /**
   * What is waited for: `FINISHED` (the default), that the task is in a final state; `RUNNING`, that it has started,
   * in its first attempt or a later one, whatever has become of it since.
   */
  readonly for?: TaskStateGroup
}

/** The options of a wait, each read once. */
export interface WaitTerms {
  readonly timeout: number | undefined
  readonly group: TaskStateGroup
}

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
export function readWaitOptions(options: WaitOptions): WaitTerms {
  knownKeys('options', plainObject('options', options), ['timeout', 'for'])
  const { timeout, for: group = 'FINISHED' } = options
  return {
    timeout: timeout === undefined ? undefined : finiteAtLeast('timeout', timeout, 0),
    group: oneOf('for', group, ['RUNNING', 'FINISHED']),
  }
}
