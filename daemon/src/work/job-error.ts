import { inspect, types } from 'node:util'
import type { JobError } from '../jobs/job.js'

const MAX_TEXT = 64 * 1024
const MAX_NAME = 256

/** Bounded, and calls nothing of the value's own. */
const INSPECTION = {
  depth: 4,
  customInspect: false,
  getters: false,
  maxArrayLength: 20,
  maxStringLength: MAX_TEXT,
} as const

/**
 * Describes anything that can be thrown; it never throws itself.
 *
 * @returns name and code of at most 256 characters, message and stack of at most 65,536
 */
export function toJobError(thrown: unknown): JobError {
  if (!isError(thrown)) {
    const message = `the job threw ${shown(thrown)}, which is not an Error`
    return { name: 'TaskThrewError', message: cut(message, MAX_TEXT), code: 'ERR_TASK_THREW' }
  }
  const code = readText(thrown, 'code')
  return {
    name: cut(readText(thrown, 'name') ?? 'Error', MAX_NAME),
    message: cut(readText(thrown, 'message') ?? '', MAX_TEXT),
    ...(code === undefined ? {} : { code: cut(code, MAX_NAME) }),
    // Unlike the stack alone it shows causes, and the errors of an AggregateError.
    stack: cut(shown(thrown), MAX_TEXT),
  }
}

function isError(thrown: unknown): thrown is Error {
  try {
    // An error of another realm is not an instance of ours.
    return thrown instanceof Error || types.isNativeError(thrown)
  } catch {
    // A proxy that throws when it is asked for its prototype is nobody's error.
    return false
  }
}

function readText(error: Error, property: string): string | undefined {
  try {
    const value: unknown = Reflect.get(error, property)
    return typeof value === 'string' ? value : undefined
  } catch {
    // A getter that throws tells nothing.
    return undefined
  }
}

function shown(value: unknown): string {
  try {
    return inspect(value, INSPECTION)
  } catch (error) {
    return `something that cannot be shown (${error instanceof Error ? error.name : typeof error})`
  }
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  // A pair of surrogates is one character.
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}
