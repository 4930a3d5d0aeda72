import { TaskLoadError } from '../core/errors.js'
import type { TaskFunction } from './run-loop.js'

/** A task module, taken apart. */
export interface TaskModule {
  /** The names that can be called, sorted: a function's index is the same in every thread of a lane. */
  readonly names: readonly string[]
  readonly functions: readonly TaskFunction[]
  readonly setup: TaskFunction | undefined
  readonly teardown: TaskFunction | undefined
}

const HOOKS = ['setup', 'teardown']

/**
 * Imports a task module and finds its exported functions.
 *
 * @param url the module's URL
 * @throws TaskLoadError `ERR_TASK_LOAD` with the cause
 */
export async function loadTaskModule(url: string): Promise<TaskModule> {
  let exported: Record<string, unknown>
  try {
    exported = await import(url)
  } catch (cause) {
    throw new TaskLoadError(`the task module ${url} could not be loaded: ${messageOf(cause)}`, cause)
  }
  return taskModuleOf(exported)
}

/** Finds the functions of what a module exports, or of an object of functions. */
export function taskModuleOf(exported: Readonly<Record<string, unknown>>): TaskModule {
  const functions = new Map<string, TaskFunction>()
  // A CommonJS module shows all its exports on `default`, and by name only those that can be found without running it.
  for (const source of [exported.default, exported]) {
    if (typeof source !== 'object' || source === null) continue
    for (const [name, value] of Object.entries(source)) {
      if (typeof value === 'function' && name !== 'default' && name !== 'module.exports') {
        functions.set(name, value as TaskFunction)
      }
    }
  }
  const names = [...functions.keys()].filter(name => !HOOKS.includes(name)).sort()
  return {
    names,
    functions: names.map(name => functions.get(name)!),
    setup: functions.get('setup'),
    teardown: functions.get('teardown'),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
