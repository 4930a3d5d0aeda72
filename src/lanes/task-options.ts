import { finiteAtLeast, integerWithin, knownKeys, plainObject } from '../core/checks.js'
import { Dependencies } from '../core/dependencies.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { RetryPolicy } from '../core/retry-policy.js'
import { TaskExtras } from '../core/task.js'
import { TaskHandle } from './task-handle.js'
import { readPriority } from './task-priority.js'
import { readTransfer } from './transfer-list.js'

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
  /**
   * Tasks to be done before it may start: of any lane, of any scheduler, also ended ones, and ones whose handle was handed
   * to this thread. If one of them fails, times out or is cancelled, this one fails with a `DependencyError`, whose
   * `cause` is that one's error.
   */
  readonly after?: readonly TaskHandle[]
  /** Greater goes first within the lane; an integer from 0 (the default) to 1,000,000. */
  readonly priority?: number
  /** Cancels the task when it aborts; the task then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Objects among the arguments to hand over rather than clone: they are gone here afterwards. */
  readonly transfer?: readonly object[]
  /**
   * How often the task is run again when it fails by what it throws; not when it is cancelled or timed out. A number, or
   * `limit` with the pause before the second attempt, `delay` (ms, default 100), which doubles up to `maxDelay` (ms,
   * default 10,000). Default 0.
   */
  readonly retries?: number | { readonly limit: number; readonly delay?: number; readonly maxDelay?: number }
  /**
   * Tasks of the lane that have the same key run one after another, each until its last attempt has ended, whichever
   * threads have submitted them.
   */
  readonly key?: string
  /** The task may be run again if its thread dies while it runs: three times in all. */
  readonly idempotent?: boolean
  readonly onSubmit?: (task: TaskHandle<R>) => void
  readonly onStart?: (task: TaskHandle<R>) => void
  readonly onDone?: (task: TaskHandle<R>, value: R) => void
  readonly onError?: (task: TaskHandle<R>, error: unknown) => void
  readonly onTimeout?: (task: TaskHandle<R>, error: unknown) => void
  readonly onCancel?: (task: TaskHandle<R>, error: unknown) => void
}

const CALLBACKS = ['onSubmit', 'onStart', 'onDone', 'onError', 'onTimeout', 'onCancel'] as const

export type TaskCallbacks = Pick<TaskOptions<never>, (typeof CALLBACKS)[number]>

/** The options of one task, each read once: what is read may be another the next time, or throw. */
export interface ReadOptions {
  readonly extras: TaskExtras
  readonly signal: AbortSignal | undefined
  /** Null if there are none. */
  readonly callbacks: TaskCallbacks | null
}

const KEYS = [
  'timeout',
  'queueTimeout',
  'deadline',
  'delay',
  'after',
  'priority',
  'signal',
  'transfer',
  'idempotent',
  'retries',
  'key',
  ...CALLBACKS,
]

const MAX_RETRIES = 1_000_000

/**
 * Checks the options of a task and makes of them what its sender works with.
 *
 * @param now the present instant
 * @param wallClock tells the same in epoch milliseconds: a deadline means what its author's `Date.now()` meant
 * @throws InvalidArgumentError that names the option
 */
export function readTaskOptions(
  options: TaskOptions<never>,
  now: number,
  wallClock: () => number,
): ReadOptions {
  plainObject('options', options)
  knownKeys('options', options, KEYS)
  const extras = new TaskExtras()
  const { timeout, queueTimeout, deadline, delay, after, priority, signal, transfer } = options
  const { idempotent, retries, key } = options
  if (timeout !== undefined) extras.timeout = finiteAtLeast('timeout', timeout, 0)
  if (queueTimeout !== undefined) extras.waitUntil = now + finiteAtLeast('queueTimeout', queueTimeout, 0)
  if (deadline !== undefined) {
    extras.deadline = now + finiteAtLeast('deadline', deadline, 0) - wallClock()
  }
  if (delay !== undefined) extras.notBefore = now + finiteAtLeast('delay', delay, 0)
  if (after !== undefined) extras.dependencies = readDependencies(after)
  if (priority !== undefined) extras.priority = readPriority(priority)
  if (signal !== undefined && !isSignal(signal)) {
    throw new InvalidArgumentError('signal', 'an AbortSignal', signal)
  }
  if (transfer !== undefined) extras.transfer = readTransfer(transfer)
  if (idempotent !== undefined) {
    if (typeof idempotent !== 'boolean') throw new InvalidArgumentError('idempotent', 'a boolean', idempotent)
    extras.idempotent = idempotent
  }
  if (retries !== undefined) extras.retries = readRetries(retries, extras)
  if (key !== undefined) {
    if (typeof key !== 'string') throw new InvalidArgumentError('key', 'a string', key)
    extras.key = key
  }
  return { extras, signal, callbacks: readCallbacks(options) }
}

function readCallbacks(options: TaskOptions<never>): TaskCallbacks | null {
  let callbacks: Partial<Record<keyof TaskCallbacks, unknown>> | null = null
  for (const name of CALLBACKS) {
    const callback: unknown = options[name]
    if (callback === undefined) continue
    if (typeof callback !== 'function') throw new InvalidArgumentError(name, 'a function', callback)
    callbacks ??= {}
    callbacks[name] = callback
  }
  return callbacks as TaskCallbacks | null
}

/** What has no more than the prototype of one cannot be listened to. */
function isSignal(value: unknown): value is AbortSignal {
  try {
    return value instanceof AbortSignal && typeof value.aborted === 'boolean'
  } catch {
    return false
  }
}

function readDependencies(after: unknown): Dependencies | null {
  if (!Array.isArray(after)) throw new InvalidArgumentError('after', 'an array of TaskHandles', after)
  const ends = Array.from(after, (task: unknown, i) => {
    if (task instanceof TaskHandle) return task.end
    throw new InvalidArgumentError(`after[${i}]`, 'a TaskHandle', task)
  })
  return ends.length === 0 ? null : new Dependencies(ends)
}

function readRetries(retries: unknown, { transfer }: TaskExtras): RetryPolicy | null {
  const given = typeof retries === 'number' ? { limit: retries } : plainObject('retries', retries)
  knownKeys('retries', given, ['limit', 'delay', 'maxDelay'])
  const option = typeof retries === 'number' ? 'retries' : 'retries.limit'
  const { limit, delay = 100, maxDelay = 10_000 } = given as Readonly<Record<string, unknown>>
  const policy = {
    limit: integerWithin(option, limit, 0, MAX_RETRIES),
    delay: finiteAtLeast('retries.delay', delay, 0),
    maxDelay: finiteAtLeast('retries.maxDelay', maxDelay, 0),
  }
  if (policy.limit === 0) return null
  if (transfer !== null) {
    throw new InvalidArgumentError(option, '0 for a task with `transfer`, which cannot be sent twice', limit)
  }
  return policy
}
