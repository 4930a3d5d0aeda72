/** Every code an error of Multilane can have, with what it means. Codes never change once released. */
export const ERROR_CODES = Object.freeze({
  ERR_CLOSED: 'The scheduler is closed, or closing, and takes no more tasks.',
  ERR_DEADLOCK: 'The wait could never end: those in `cycle` wait for each other.',
  ERR_DEPENDENCY_FAILED:
    'A task that this one was to start after has not been done; `dependency` names it, and `cause` tells why.',
  ERR_DROPPED: 'The task was dropped to make room in the full queue of its lane.',
  ERR_INVALID_ARG: 'An option or argument is not acceptable; `option` names it.',
  ERR_LANE_CLOSED: 'The connection to the lane thread closed while the task was on it.',
  ERR_LANE_EXITED: 'The lane thread ended while the task ran on it; `exitCode` tells how.',
  ERR_LANE_FAILED: 'The lane restarted too often and is closed.',
  ERR_LANE_OOM: 'The lane thread ran out of heap memory.',
  ERR_LANE_START_TIMEOUT: 'A lane thread was not ready within `startTimeout`.',
  ERR_LANE_TERMINATED: 'The lane thread was ended because a task held its loop; `holders` names it.',
  ERR_NOT_CLONEABLE: 'An argument cannot be cloned to another thread; `path` leads to it.',
  ERR_PROTOCOL: 'Two threads speak different versions of the port protocol.',
  ERR_QUEUE_FULL: 'The queue of the lane is at its limit.',
  ERR_RESULT_GONE: 'What became of the task is not known any more to the threads that have its handle.',
  ERR_RESULT_NOT_CLONEABLE: 'What the task returned or threw cannot be cloned to another thread.',
  ERR_TASK_CANCELED: 'The task was cancelled; `reason` is what was given.',
  ERR_TASK_LOAD: 'The task module could not be loaded, or its setup failed.',
  ERR_TASK_THREW: 'The task threw something that is not an Error; `value` is what it threw.',
  ERR_TASK_TIMEOUT: 'The task ran, or waited, longer than it was allowed to; `limit` names which bound.',
  ERR_TASK_UNKNOWN: 'The task module exports no function of this name; `names` lists those it does.',
  ERR_TRANSFER_LOST:
    'The thread that had been handed the transferred arguments died before it started the task.',
  ERR_WAIT_TIMEOUT: 'The wait was over before the task was, which goes on; `timeout` is how long it waited.',
} as const)

export type ErrorCode = keyof typeof ERROR_CODES

/** What all errors made by Multilane have in common: a `code` that callers may rely on. */
export class MultilaneError extends Error {
  override name = 'MultilaneError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** An option or argument is not acceptable (`ERR_INVALID_ARG`). */
export class InvalidArgumentError extends MultilaneError {
  override name = 'InvalidArgumentError'
  /** The path of the option, such as `lanes.bulk.threads`. */
  readonly option: string

  constructor(option: string, expected: string, actual: unknown) {
    super('ERR_INVALID_ARG', `${option} must be ${expected}, not ${describe(actual)}`)
    this.option = option
  }
}

/** The lane's queue is at its limit (`ERR_QUEUE_FULL`). */
export class QueueFullError extends MultilaneError {
  override name = 'QueueFullError'
  readonly lane: string
  /** The limit that was reached, in tasks. */
  readonly limit: number

  constructor(lane: string, limit: number) {
    super('ERR_QUEUE_FULL', `the queue of lane '${lane}' is at its limit of ${limit} tasks`)
    this.lane = lane
    this.limit = limit
  }
}

/** The scheduler takes no more tasks (`ERR_CLOSED`). */
export class ClosedError extends MultilaneError {
  override name = 'ClosedError'

  constructor(message = 'the scheduler is closed') {
    super('ERR_CLOSED', message)
  }
}

/** The task was cancelled by `cancel()`, `stop()` or `close()` (`ERR_TASK_CANCELED`). */
export class TaskCanceledError extends MultilaneError {
  override name = 'TaskCanceledError'
  /** What was given to `cancel()`. */
  readonly reason: unknown

  constructor(task: string, reason?: unknown) {
    const because = typeof reason === 'string' ? `: ${reason}` : ''
    super(
      'ERR_TASK_CANCELED',
      `task '${task}' was cancelled${because}`,
      isError(reason) ? { cause: reason } : {},
    )
    this.reason = reason
  }
}

/** The task made room for another in the full queue of its lane (`ERR_DROPPED`). */
export class TaskDroppedError extends MultilaneError {
  override name = 'TaskDroppedError'
  readonly lane: string

  constructor(task: string, lane: string) {
    super('ERR_DROPPED', `task '${task}' was dropped from the full queue of lane '${lane}'`)
    this.lane = lane
  }
}

/** A task that this one was to start after has failed, timed out or been cancelled (`ERR_DEPENDENCY_FAILED`). */
export class DependencyError extends MultilaneError {
  override name = 'DependencyError'
  /** The task that was waited for: its number within its scheduler, its name and its lane. */
  readonly dependency: { readonly id: number; readonly name: string; readonly lane: string }

  /** @param cause what that task has ended with */
  constructor(
    task: string,
    dependency: { readonly id: number; readonly name: string; readonly lane: string },
    cause: unknown,
  ) {
    const { name, lane } = dependency
    super(
      'ERR_DEPENDENCY_FAILED',
      `task '${task}' was to start after task '${name}' of lane '${lane}', which was not done`,
      { cause },
    )
    this.dependency = dependency
  }
}

/** The bound that ran out: of running, of waiting, or of both together. */
export type TimeLimit = 'timeout' | 'queueTimeout' | 'deadline'

/** A `timeout`, `queueTimeout` or `deadline` ran out (`ERR_TASK_TIMEOUT`). */
export class TaskTimeoutError extends MultilaneError {
  override name = 'TaskTimeoutError'
  readonly limit: TimeLimit

  constructor(task: string, limit: TimeLimit) {
    super('ERR_TASK_TIMEOUT', `task '${task}' exceeded its ${limit}`)
    this.limit = limit
  }
}

/** A synchronous wait for a task's value was over before the task was (`ERR_WAIT_TIMEOUT`); the task goes on. */
export class WaitTimeoutError extends MultilaneError {
  override name = 'WaitTimeoutError'
  /** Milliseconds. */
  readonly timeout: number

  constructor(task: string, timeout: number) {
    super('ERR_WAIT_TIMEOUT', `task '${task}' had not ended after ${timeout} ms of waiting`)
    this.timeout = timeout
  }
}

/** A wait that could never end was refused (`ERR_DEADLOCK`). */
export class DeadlockError extends MultilaneError {
  override name = 'DeadlockError'
  /** Who would wait for whom: each for the next, and the last for the first. */
  readonly cycle: readonly string[]

  /**
   * @param cycle names, such as `task 'quote'`
   * @param because what else there is to say of it
   */
  constructor(cycle: readonly string[], because?: string) {
    const circle = [...cycle, ...cycle.slice(0, 1)].join(' → ')
    super(
      'ERR_DEADLOCK',
      `waiting would be a deadlock: ${circle}${because === undefined ? '' : `; ${because}`}`,
    )
    this.cycle = Object.freeze([...cycle])
  }
}

/** The task module has no such function (`ERR_TASK_UNKNOWN`). */
export class UnknownTaskError extends MultilaneError {
  override name = 'UnknownTaskError'
  /** The names there are. */
  readonly names: readonly string[]

  constructor(task: string, names: readonly string[]) {
    super('ERR_TASK_UNKNOWN', `no task is called '${task}'; there are: ${names.join(', ') || '(none)'}`)
    this.names = names
  }
}

/** An argument cannot be cloned (`ERR_NOT_CLONEABLE`). */
export class NotCloneableError extends MultilaneError {
  override name = 'NotCloneableError'
  /** Where the value is, such as `args[0].onDone`. */
  readonly path: string

  constructor(path: string, options?: { cause?: unknown }) {
    super('ERR_NOT_CLONEABLE', `${path} cannot be cloned to another thread`, options)
    this.path = path
  }
}

/** What a task returned or threw cannot be cloned (`ERR_RESULT_NOT_CLONEABLE`). */
export class ResultNotCloneableError extends MultilaneError {
  override name = 'ResultNotCloneableError'
  readonly path: string

  constructor(path: string, options?: { cause?: unknown }) {
    super('ERR_RESULT_NOT_CLONEABLE', `${path} cannot be cloned to another thread`, options)
    this.path = path
  }
}

/** A task threw something that is not an Error (`ERR_TASK_THREW`). */
export class TaskThrewError extends MultilaneError {
  override name = 'TaskThrewError'
  /** What it threw. */
  readonly value: unknown

  constructor(value: unknown) {
    super('ERR_TASK_THREW', `the task threw ${describe(value)}`)
    this.value = value
  }
}

/** The task module could not be loaded, or its `setup` failed (`ERR_TASK_LOAD`); `cause` is why. */
export class TaskLoadError extends MultilaneError {
  override name = 'TaskLoadError'

  constructor(message: string, cause: unknown) {
    super('ERR_TASK_LOAD', message, { cause })
  }
}

export type LaneErrorCode = Extract<ErrorCode, `ERR_LANE_${string}`>

/** Something befell the lane or its thread; the `code` tells what. */
export class LaneError extends MultilaneError {
  override name = 'LaneError'
  readonly lane: string
  /** With `ERR_LANE_EXITED`: the exit code of the thread. */
  declare readonly exitCode?: number
  /** With `ERR_LANE_TERMINATED`: the names of the tasks that held, or may have held, the loop. */
  declare readonly holders?: readonly string[]

  constructor(
    code: LaneErrorCode,
    lane: string,
    message: string,
    details: { exitCode?: number | undefined; holders?: readonly string[] | undefined; cause?: unknown } = {},
  ) {
    super(code, message, details.cause === undefined ? {} : { cause: details.cause })
    this.lane = lane
    if (details.exitCode !== undefined) this.exitCode = details.exitCode
    if (details.holders !== undefined) this.holders = details.holders
  }
}

/** Never throws: what refuses to say what it is, is none. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    // A proxy that has been revoked.
    return false
  }
}

/** A short rendering of a value for a message: never throws, never long. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${shortened(value)}'`
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null))
    return shortened(String(value))
  try {
    if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
    const { name }: { name: unknown } = value
    return typeof name === 'string' && name !== '' ? `a function '${shortened(name)}'` : 'a function'
  } catch {
    // A revoked proxy, or an accessor that throws.
    return `${typeof value === 'object' ? 'an object' : 'a function'} that cannot be read`
  }
}

/** What anything that was thrown says for itself: never throws. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // An object without a prototype, or one whose `toString` throws.
    return describe(thrown)
  }
}

/** As `textOf`, but of an error its message alone. */
export function messageOf(thrown: unknown): string {
  try {
    return isError(thrown) ? String(thrown.message) : String(thrown)
  } catch {
    return describe(thrown)
  }
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
