/// <reference lib="esnext.disposable" preserve="true" />
export { registerError } from './bridge/error-classes.js'
export {
  ClosedError,
  ERROR_CODES,
  type ErrorCode,
  InvalidArgumentError,
  LaneError,
  type LaneErrorCode,
  MultilaneError,
  NotCloneableError,
  QueueFullError,
  ResultNotCloneableError,
  TaskCanceledError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  type TimeLimit,
  UnknownTaskError,
} from './core/errors.js'
export type { FinalState, TaskState, TaskStateGroup } from './core/task-state.js'
export type { Cloneable, TaskArgs, TaskName, TaskResult, UntypedTasks } from './lanes/call-types.js'
export type { InlineLaneOptions, InlineOptions, TaskStubs } from './lanes/inline-options.js'
export type { Lane } from './lanes/lane.js'
export type { OsPriority } from './lanes/os-priority.js'
export type { LaneOptions, LanePriority, SchedulerOptions } from './lanes/scheduler-options.js'
export {
  type LaneStats,
  type SchedulerEvents,
  type SchedulerStats,
  SchedulerThread,
} from './lanes/scheduler-thread.js'
export type { TaskHandle, TaskTimestamps } from './lanes/task-handle.js'
export type { TaskOptions } from './lanes/task-options.js'
