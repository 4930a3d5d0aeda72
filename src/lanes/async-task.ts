import { NO_ARGUMENTS } from '../bridge/job.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { CallRest } from './call-types.js'
import {
  readArguments,
  readTaskName,
  type TaskDescription,
  type TaskDescriptionOptions,
} from './task-description.js'

/**
 * A call of a function on the loop of the `AsyncScheduler` it is submitted to. `R` is what it comes to, `A` its
 * arguments. A description: it may be submitted as often as wanted.
 */
export class AsyncTask<R = unknown, A extends readonly unknown[] = readonly never[]>
  implements TaskDescription<R>
{
  declare readonly result?: R
  readonly name: string
  readonly lane = 'loop'
  /** @internal */
  readonly call: (...args: never[]) => unknown
  /** @internal */
  readonly args: readonly unknown[]

  /**
   * @param call the function; a promise that it returns is awaited
   * @param rest its arguments, as an array, which it is given as they are; and the task's options
   * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the argument
   */
  constructor(call: (...args: A) => R | PromiseLike<R>, ...rest: CallRest<A, TaskDescriptionOptions>) {
    const [args = NO_ARGUMENTS, options] = rest
    if (typeof call !== 'function') throw new InvalidArgumentError('call', 'a function', call)
    this.name = call.name === '' ? 'anonymous' : call.name
    if (options !== undefined) this.name = readTaskName(options, this.name)
    this.call = call as (...args: never[]) => unknown
    this.args = readArguments(args)
  }
}
