import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'

/** What runs as a task. */
export interface RunningTask {
  /** What `currentTask()` answers; null if it has not been made. */
  readonly context: unknown
  /**
   * Its code awaits something that the runtime will tell it of: until then it needs no place on its lane.
   *
   * @param awaited the tasks it waits for
   * @param refuse called if the wait could never end
   * @param kind what ends it
   * @returns to be called when the wait is over
   */
  beginWait?(awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind): () => void
}

interface Ambient {
  readonly jobs: AsyncLocalStorage<RunningTask>
  /** What contexts need of the thread, if it is a lane's. */
  host: unknown
}

/** Two copies of this package in one thread (a bundle and node_modules) must mean the same task. */
const AMBIENT = Symbol.for('multilane.ambient.1')
const holder = globalThis as { [AMBIENT]?: Ambient }
holder[AMBIENT] ??= { jobs: new AsyncLocalStorage<RunningTask>(), host: null }
export const ambient: Ambient = holder[AMBIENT]

/**
 * Where tasks are entered one after another. To leave its scope puts back what was around it, whatever was entered
 * within. `AsyncLocalStorage.run` costs six times as much where Node has frames of asynchronous context: it makes one to
 * enter and another to leave, each a copy of the one before.
 */
const STAGE = new AsyncResource('MULTILANE_TASK')

/**
 * Calls a function so that `currentTask()` answers the context of what runs, also after an `await`. Not within another
 * such call; and after the last of several, `forgetLast` is to be called.
 */
export function callAs(
  running: RunningTask,
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
): unknown {
  return STAGE.runInAsyncScope(enterAndCall, undefined, running, call, args)
}

function enterAndCall(
  running: RunningTask,
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
): unknown {
  ambient.jobs.enterWith(running)
  // To spread an array costs more than most calls.
  return args.length === 0 ? call() : call(...(args as never[]))
}

/** Where Node has no frames, what was entered last would be kept, and its result with it, until the next is. */
export function forgetLast(): void {
  STAGE.runInAsyncScope(enterNothing)
}

function enterNothing(): void {
  ambient.jobs.enterWith(undefined as never)
}

/** Runs a function so that `currentTask()` answers the context of what runs. */
export function runAs<T>(running: RunningTask, call: () => T): T {
  return ambient.jobs.run(running, call)
}

/** The task whose code is running, if any, also after an `await`. */
export function ambientRun(): RunningTask | undefined {
  return ambient.jobs.getStore()
}
