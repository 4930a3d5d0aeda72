/// <reference lib="esnext.disposable" preserve="true" />
export { registerError } from './bridge/error-classes.js'
export type { OverloadPolicy } from './core/admission.js'
export {
  ClosedError,
  DeadlockError,
  DependencyError,
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
  TaskDroppedError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  type TimeLimit,
  UnknownTaskError,
  WaitTimeoutError,
} from './core/errors.js'
export type { TaskFilter } from './core/task-filter.js'
export type { TaskInfo, TaskTimestamps } from './core/task-info.js'
export type { FinalState, TaskState, TaskStateGroup } from './core/task-state.js'
export type { AsyncLane, AsyncPoolOptions, AsyncSchedulerOptions } from './lanes/async-options.js'
export { AsyncScheduler } from './lanes/async-scheduler.js'
export { AsyncTask } from './lanes/async-task.js'
export type { Cloneable, TaskArgs, TaskName, TaskResult, UntypedTasks } from './lanes/call-types.js'
export type { InlineLaneOptions, InlineOptions, TaskStubs } from './lanes/inline-options.js'
export type { Lane } from './lanes/lane.js'
export type { OsPriority } from './lanes/os-priority.js'
export type { QueueOptions } from './lanes/queue-options.js'
export type { Scheduler } from './lanes/scheduler.js'
export type { RestartEvent, SchedulerEvents, SlowEvent, StallEvent } from './lanes/scheduler-events.js'
export type { LaneOptions, LanePriority, SchedulerOptions } from './lanes/scheduler-options.js'
export type {
  DurationHistogram,
  FinishedCounts,
  LaneStats,
  LoopUtilization,
  SchedulerStats,
} from './lanes/scheduler-stats.js'
export { SchedulerThread } from './lanes/scheduler-thread.js'
export type { SightOptions, SignalName } from './lanes/sight-options.js'
export { SyncTask } from './lanes/sync-task.js'
export type { TaskDescription, TaskDescriptionOptions } from './lanes/task-description.js'
export type { TaskHandle } from './lanes/task-handle.js'
export type { TaskOptions } from './lanes/task-options.js'
export type { DumpOptions, TextSink } from './lanes/task-sight.js'
export type { ThreadOptions } from './lanes/thread-options.js'
export type { WaitOptions } from './lanes/wait-options.js'
