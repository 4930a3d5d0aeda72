import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import { adopt } from './when-settled.js'

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
  /** Whether `currentTask` has been loaded: then code may ask for its task that the runtime does not know of. */
  isAskedFor: boolean
  /** How many there are who need contexts to be kept: tasks that go on, and lanes. */
  keepers: number
}

/** Two copies of this package in one thread (a bundle and node_modules) must mean the same task. */
const AMBIENT = Symbol.for('multilane.ambient.1')
const holder = globalThis as { [AMBIENT]?: Ambient }
holder[AMBIENT] ??= {
  jobs: new AsyncLocalStorage<RunningTask>(),
  host: null,
  isAskedFor: false,
  keepers: 0,
}
export const ambient: Ambient = holder[AMBIENT]

/**
 * Calls a function so that `currentTask()` answers the context of what runs, also after an `await`. Whatever it enters into
 * storages of its own stays with it, since it has a resource to itself. `AsyncLocalStorage.run` leaves that behind, and
 * costs more where Node has frames of asynchronous context: it makes one to enter and another to leave.
 */
export function callAs(
  running: RunningTask,
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
): unknown {
  return new AsyncResource('MULTILANE_TASK').runInAsyncScope(enterAndCall, undefined, running, call, args)
}

function enterAndCall(
  running: RunningTask,
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
): unknown {
  ambient.jobs.enterWith(running)
  // To spread an array costs more than most calls.
  return adopt(args.length === 0 ? call() : call(...(args as never[])))
}

/** From now on contexts are needed after an `await`, until `releaseContexts`. */
export function keepContexts(): void {
  ambient.keepers++
}

export function releaseContexts(): void {
  ambient.keepers--
}

/**
 * After calls by `callAs`: contexts are followed no further if nobody needs them. Where Node has no frames it follows them by
 * hooks, which cost every promise of the thread more than it takes to make one, as long as any storage is in use.
 */
export function restContexts(): void {
  if (ambient.keepers === 0 && !ambient.isAskedFor) ambient.jobs.disable()
}

/** Runs a function so that `currentTask()` answers the context of what runs. */
export function runAs<T>(running: RunningTask, call: () => T): T {
  return ambient.jobs.run(running, call)
}

/** The task whose code is running, if any, also after an `await`. */
export function ambientRun(): RunningTask | undefined {
  return ambient.jobs.getStore()
}
