import { NO_ARGUMENTS } from '../bridge/job.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { CallRest, TaskArgs, TaskName, TaskResult, UntypedTasks } from './call-types.js'
import {
  readArguments,
  readTaskName,
  type TaskDescription,
  type TaskDescriptionOptions,
} from './task-description.js'
import { readModuleUrl } from './task-module-url.js'

/**
 * A call of a blocking function, named by its module and export, on a thread of the pool of the `AsyncScheduler` it is
 * submitted to. Arguments and result are cloned; handles of tasks cannot be among them. `M` is the type of the module, `K`
 * the name of the export.
 *
 * A description: it may be submitted as often as wanted. The module is imported once by each thread that needs it;
 * hooks it may have for lane threads, `setup` and `teardown`, are not called.
 */
export class SyncTask<M = UntypedTasks, K extends TaskName<M> = TaskName<M>>
  implements TaskDescription<TaskResult<M, K>>
{
  declare readonly result?: TaskResult<M, K>
  readonly name: string
  readonly lane = 'pool'
  /** The module's URL. */
  readonly module: string
  /** @internal */
  readonly call: string
  /** @internal */
  readonly args: readonly unknown[]

  /**
   * @param module a URL, or an absolute path
   * @param call the name of the exported function
   * @param rest its arguments, as an array, and the task's options
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the argument
   */
  constructor(
    module: URL | string,
    call: K,
    ...rest: CallRest<TaskArgs<M, K, never>, TaskDescriptionOptions>
  ) {
    const [args = NO_ARGUMENTS, options = {}] = rest
    if (typeof call !== 'string' || call === '')
      throw new InvalidArgumentError('call', 'the name of an exported function', call)
    this.module = readModuleUrl('module', module)
    this.call = call
    this.name = readTaskName(options, call)
    this.args = readArguments(args)
  }
}
