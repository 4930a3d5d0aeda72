import { knownKeys, plainObject } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'
import type { AsyncLane } from './async-options.js'

/** What an `AsyncScheduler` runs: an `AsyncTask` or a `SyncTask`. `R` is what it comes to. */
export interface TaskDescription<R = unknown> {
  readonly name: string
  /** The lane it runs on. */
  readonly lane: AsyncLane
  /** No value is ever here: it carries the type of what the task comes to. */
  readonly result?: R
}

/** The options of a description. */
export interface TaskDescriptionOptions {
  /** What the task is called in tables and reports. Default the function's name. */
  readonly name?: string
}

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
export function readTaskName(options: unknown, byDefault: string): string {
  const given = plainObject('options', options)
  knownKeys('options', given, ['name'])
  const { name = byDefault } = given
  if (typeof name !== 'string' || name === '') throw new InvalidArgumentError('name', 'a name', name)
  return name
}

/**
 * Read now, since a description lasts: the list may be a proxy that can be read no more when the task leaves.
 *
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`)
 */
export function readArguments(args: unknown): readonly unknown[] {
  try {
    if (Array.isArray(args)) return [...args]
  } catch {
    // One that has been revoked, or whose accessors throw.
  }
  throw new InvalidArgumentError('args', 'an array that can be read', args)
}
