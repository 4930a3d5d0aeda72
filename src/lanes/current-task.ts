import type { Job } from '../bridge/job.js'
import { MultilaneError } from '../core/errors.js'
import { ambient } from './ambient-task.js'
import type { UntypedTasks } from './call-types.js'
import { type CurrentTask, contextOf } from './task-context.js'

ambient.isAskedFor = true

/**
 * The task whose code is running, also after an `await`. `M` is the type of the task module, `L` the names of the lanes:
 * what `lanes` is typed by. Nothing checks them against the scheduler: `currentTask<typeof tasks, 'bulk'>()`.
 *
 * @throws MultilaneError `ERR_INVALID_ARG` outside a task
 */
export function currentTask<M = UntypedTasks, L extends string = string>(): CurrentTask<M, L> {
  const running = ambient.jobs.getStore()
  if (running === undefined)
    throw new MultilaneError('ERR_INVALID_ARG', 'currentTask() was called outside a task')
  return contextOf(running as Job) as unknown as CurrentTask<M, L>
}
