import { InvalidArgumentError, messageOf, TaskLoadError } from '../core/errors.js'
import type { TaskFunction } from './loop-environment.js'

/** A task module, taken apart. */
export interface TaskModule {
  /** The names that can be called, sorted: a function's index is the same in every thread that has loaded the same. */
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
  try {
    // To read an export can throw as well: one that is a getter, or that is not initialized yet.
    return taskModuleOf(await import(url))
  } catch (cause) {
    throw new TaskLoadError(`the task module ${url} could not be loaded: ${messageOf(cause)}`, cause)
  }
}

/**
 * Finds the functions of an object that stands for a task module.
 *
 * @param option the path of the option it was given in
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if it has none of its own; TaskLoadError (`ERR_TASK_LOAD`) with the
 *   cause if they cannot be read
 */
export function taskModuleOfFunctions(
  option: string,
  functions: Readonly<Record<string, unknown>>,
): TaskModule {
  let module: TaskModule
  try {
    module = taskModuleOf(functions)
  } catch (cause) {
    throw new TaskLoadError(`the functions of ${option} could not be read: ${messageOf(cause)}`, cause)
  }
  const { names, setup, teardown } = module
  if (names.length === 0 && setup === undefined && teardown === undefined) {
    const expected = 'an object that has functions of its own (those of a class belong to its prototype)'
    throw new InvalidArgumentError(option, expected, functions)
  }
  return module
}

function taskModuleOf(exported: Readonly<Record<string, unknown>>): TaskModule {
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
