import type { TaskFilter } from '../core/task-filter.js'
import type { TaskInfo } from '../core/task-info.js'
import type { TaskState } from '../core/task-state.js'
import type { SchedulerEvents } from './scheduler-events.js'
import type { SchedulerStats } from './scheduler-stats.js'
import type { TaskHandle } from './task-handle.js'
import type { DumpOptions } from './task-sight.js'
import type { WaitOptions } from './wait-options.js'

/**
 * What every scheduler can do, whether its lanes are threads (`SchedulerThread`) or share the loop of whoever made it
 * (`AsyncScheduler`). `L` is the names of the lanes. Only how a task is submitted differs.
 */
export interface Scheduler<L extends string = string> {
  start(): Promise<this>
  taskState(task: TaskHandle): TaskState
  waitTask(task: TaskHandle, options?: WaitOptions): Promise<boolean>
  cancelTask(task: TaskHandle, reason?: unknown): boolean
  taskInfo(task: TaskHandle): TaskInfo
  taskInfo(task: number): TaskInfo | undefined
  tasks(filter?: TaskFilter): TaskInfo[]
  countTasks(filter?: TaskFilter): number
  dumpTasks(options?: DumpOptions): string
  slowest(): TaskInfo | undefined
  currentTask(lane: L): TaskInfo | undefined
  stats(): Promise<SchedulerStats>
  drain(): Promise<void>
  stop(options?: { readonly timeout?: number }): Promise<void>
  close(options?: { readonly timeout?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
  on<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this
  once<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this
  off<E extends keyof SchedulerEvents>(event: E, listener: (...args: SchedulerEvents[E]) => void): this
}
