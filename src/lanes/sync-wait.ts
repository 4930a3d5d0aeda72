import type { Failure } from '../bridge/failure.js'
import { finiteAtLeast, knownKeys, plainObject } from '../core/checks.js'
import { WaitTimeoutError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { DONE } from '../core/task-state.js'
import type { TaskKeeper } from './task-keeper.js'
import { hasEnded, hasStarted } from './task-waits.js'
import { readWaitOptions, type WaitOptions } from './wait-options.js'

/** As `TaskHandle.waitSync`. */
export function waitSync(task: Task, keeper: TaskKeeper, options: WaitOptions): boolean {
  const { timeout = Number.POSITIVE_INFINITY, group } = readWaitOptions(options)
  if (group === 'FINISHED') return blockUntilDead(task, keeper, timeout) || hasEnded(task, keeper)
  const isStarted = (): boolean => hasStarted(task, keeper.sight)
  const isOver = (): boolean => task.dead || isStarted()
  if (!isOver()) {
    const extras = task.rareOptions()
    extras.reportStart = true
    keeper.sight.reportStart(task)
    keeper.waits.block(task, { group, timeout, isOver })
  }
  return isStarted()
}

/** As `TaskHandle.resultSync`. */
export function resultSync(task: Task, keeper: TaskKeeper, options: { readonly timeout?: number }): unknown {
  knownKeys('options', plainObject('options', options), ['timeout'])
  const timeout =
    options.timeout === undefined ? Number.POSITIVE_INFINITY : finiteAtLeast('timeout', options.timeout, 0)
  if (!blockUntilDead(task, keeper, timeout)) throw new WaitTimeoutError(task.target.name, timeout)
  if (task.state === DONE) return task.payload
  throw (task.payload as Failure).error()
}

function blockUntilDead(task: Task, keeper: TaskKeeper, timeout: number): boolean {
  if (!task.dead) keeper.waits.block(task, { group: 'FINISHED', timeout, isOver: () => task.dead })
  return task.dead
}
