import { finiteAtLeast, integerWithin, knownKeys, plainObject } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'
import { TaskExtras } from '../core/task.js'
import type { TaskHandle } from './task-handle.js'

/** The options of one task. */
export interface TaskOptions<R = unknown> {
  /** Milliseconds of running, from its start; then it ends TIMED_OUT. */
  readonly timeout?: number
  /** Milliseconds of waiting for its start; then it ends TIMED_OUT. */
  readonly queueTimeout?: number
  /** Epoch milliseconds by which it must have ended, waiting and running together; else it ends TIMED_OUT. */
  readonly deadline?: number
  /** Milliseconds before it may start. */
  readonly delay?: number
  /** Greater goes first within the lane; an integer from 0 (the default) to 1,000,000. */
  readonly priority?: number
  /** Cancels the task when it aborts; the task then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Objects among the arguments to hand over rather than clone: they are gone here afterwards. */
  readonly transfer?: readonly object[]
  /** The task may be run again if its thread dies while it runs: three times in all. */
  readonly idempotent?: boolean
  readonly onSubmit?: (task: TaskHandle<R>) => void
  readonly onStart?: (task: TaskHandle<R>) => void
  readonly onDone?: (task: TaskHandle<R>, value: R) => void
  readonly onError?: (task: TaskHandle<R>, error: unknown) => void
  readonly onTimeout?: (task: TaskHandle<R>, error: unknown) => void
  readonly onCancel?: (task: TaskHandle<R>, error: unknown) => void
}

export const CALLBACKS = ['onSubmit', 'onStart', 'onDone', 'onError', 'onTimeout', 'onCancel'] as const

const KEYS = [
  'timeout',
  'queueTimeout',
  'deadline',
  'delay',
  'priority',
  'signal',
  'transfer',
  'idempotent',
  ...CALLBACKS,
]

const MAX_PRIORITY = 1_000_000

/**
 * Checks the options of a task and makes of them what its sender works with.
 *
 * @param now the present instant
 * @param wallClock the same in epoch milliseconds: a deadline means what its author's `Date.now()` meant
 * @throws InvalidArgumentError that names the option
 */
export function readTaskOptions(options: TaskOptions<never>, now: number, wallClock: number): TaskExtras {
  plainObject('options', options)
  knownKeys('options', options, KEYS)
  const extras = new TaskExtras()
  const { timeout, queueTimeout, deadline, delay, priority, signal, transfer, idempotent } = options
  if (timeout !== undefined) extras.timeout = finiteAtLeast('timeout', timeout, 0)
  if (queueTimeout !== undefined) extras.waitUntil = now + finiteAtLeast('queueTimeout', queueTimeout, 0)
  if (deadline !== undefined) {
    extras.deadline = now + finiteAtLeast('deadline', deadline, 0) - wallClock
  }
  if (delay !== undefined) extras.notBefore = now + finiteAtLeast('delay', delay, 0)
  if (priority !== undefined) extras.priority = integerWithin('priority', priority, 0, MAX_PRIORITY)
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError('signal', 'an AbortSignal', signal)
  }
  if (transfer !== undefined) {
    if (!Array.isArray(transfer) || transfer.some(item => typeof item !== 'object' || item === null)) {
      throw new InvalidArgumentError('transfer', 'an array of transferable objects', transfer)
    }
    if (transfer.length > 0) extras.transfer = transfer
  }
  if (idempotent !== undefined) {
    if (typeof idempotent !== 'boolean') throw new InvalidArgumentError('idempotent', 'a boolean', idempotent)
    extras.idempotent = idempotent
  }
  for (const name of CALLBACKS) {
    const callback: unknown = options[name]
    if (callback !== undefined && typeof callback !== 'function') {
      throw new InvalidArgumentError(name, 'a function', callback)
    }
  }
  return extras
}
