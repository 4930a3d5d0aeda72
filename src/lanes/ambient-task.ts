import { AsyncLocalStorage } from 'node:async_hooks'

/** What runs as a task. */
export interface RunningTask {
  /** What `currentTask()` answers; null if it has not been made. */
  readonly context: unknown
  /** Its code awaits something that the runtime will tell it of: until then it needs no place on its lane. */
  beginWait?(): void
  endWait?(): void
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

/** Runs a function so that `currentTask()` answers the context of what runs. */
export function runAs<T>(running: RunningTask, call: () => T): T {
  return ambient.jobs.run(running, call)
}

/** The task whose code is running, if any, also after an `await`. */
export function ambientRun(): RunningTask | undefined {
  return ambient.jobs.getStore()
}
