import type { Epoch } from './clock.js'
import { type FinalTimestamp, finalTimestamp } from './task.js'
import { isFinal, TASK_STATES, type TaskState } from './task-state.js'

/** When things happened to a task: epoch milliseconds with fractions, of a monotonic clock. */
export type TaskTimestamps = {
  readonly submit: number
  readonly start?: number
} & { readonly [K in FinalTimestamp]?: number }

/** What there is to be seen of a task, as it was at the moment it was asked for. */
export interface TaskInfo {
  /** The task's number within its scheduler, as `TaskHandle.id`. */
  readonly id: number
  /** The name of the function. */
  readonly name: string
  readonly lane: string
  readonly state: TaskState
  readonly timestamps: TaskTimestamps
  /** 1, and one more for each time it is run again, since it threw (`retries`) or its thread died. */
  readonly attempt: number
  readonly priority: number
  /** How many of the tasks that it is to start `after` have not ended. */
  readonly waitsFor: number
  /**
   * What it waits for, such as `task 'parse' on lane 'cpu'`: before its start, those that it is to start `after` and that
   * have not ended; while it runs, what it awaits, tasks of other lanes or its own, as far as that has lasted. The first
   * hundred of them.
   */
  readonly awaits: readonly string[]
  /**
   * Milliseconds from when it was submitted to when it started (for the last time), waiting for its time (`delay`) and for others (`after`) included; so far, if it
   * has not; to its end, if it ended without having started.
   */
  readonly waited: number
  /** Milliseconds from its start to its end; so far, if it runs; undefined if it has not started. */
  readonly ran: number | undefined
}

/** What is known of a task, in instants. A `Task` that is not sent is a record of itself. */
export interface TaskRecord {
  readonly target: { readonly name: string; readonly lane: string }
  readonly sequence: number
  readonly state: number
  readonly submitted: number
  readonly started: number | undefined
  readonly ended: number | undefined
  readonly attempt: number
  readonly priority: number
  /** Left out of one that waits for no others. */
  readonly waitsFor?: number
  /** What it waits for. Left out of one that waits for nothing. */
  readonly awaited?: readonly string[] | undefined
}

export function timestampsOf(record: TaskRecord, epoch: Epoch): TaskTimestamps {
  const { state, submitted, started, ended } = record
  const times: { -readonly [K in keyof TaskTimestamps]: TaskTimestamps[K] } = {
    submit: epoch.fromInstant(submitted),
  }
  if (started !== undefined) times.start = epoch.fromInstant(started)
  if (ended !== undefined && isFinal(state)) times[finalTimestamp(state)] = epoch.fromInstant(ended)
  return times
}

/** Milliseconds a task has run by an instant, or undefined if it has not started. */
export function ranBy(now: number, { started, ended = now }: TaskRecord): number | undefined {
  // The clocks of two threads agree to a microsecond, not better.
  return started === undefined ? undefined : Math.max(0, ended - started)
}

/** @param now the present instant */
export function infoOf(record: TaskRecord, epoch: Epoch, now: number): TaskInfo {
  const { target, submitted, started, ended } = record
  return {
    id: record.sequence,
    name: target.name,
    lane: target.lane,
    state: TASK_STATES[record.state]!,
    timestamps: timestampsOf(record, epoch),
    attempt: record.attempt,
    priority: record.priority,
    waitsFor: record.waitsFor ?? 0,
    awaits: record.awaited ?? [],
    waited: Math.max(0, (started ?? ended ?? now) - submitted),
    ran: ranBy(now, record),
  }
}
