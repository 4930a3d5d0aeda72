import {
  describe,
  isError,
  type MultilaneError,
  ResultNotCloneableError,
  TaskThrewError,
} from '../core/errors.js'
import { classNameOf, newError } from './error-classes.js'
import { isNestedTooDeep } from './nesting.js'
import { isOwnFrame } from './own-frames.js'
import { framesIn } from './stack-text.js'
import { pathToUncloneable } from './uncloneable.js'

/**
 * Errors on their way between threads.
 *
 * Structured clone keeps only the built-in classes, and drops `code`, custom names, own fields and the errors of
 * an AggregateError; so an error is taken apart into plain objects here and put together there. The graph of
 * causes may be a cycle: each error is taken apart once, and the clone keeps the shape. Depth and size are bounded,
 * so that an error can never be the reason a thread runs out of memory.
 */
export interface EncodedError {
  readonly class: string
  name: string
  message: string
  /** The frames of the stack, without the header that repeats the message. */
  frames: string
  /** Own fields as they are, as far as they can be cloned. */
  fields: Record<string, unknown>
  /** Own fields that are errors themselves: `cause` and any other. */
  nested: Record<string, EncodedError>
  /** The errors of an AggregateError. */
  errors?: readonly unknown[]
}

const MAX_DEPTH = 32
const MAX_ERRORS = 1000
const MAX_TEXT = 16 * 1024 * 1024
const MAX_FRAMES = 64 * 1024
const MAX_FIELDS = 256

class Encoder {
  readonly #seen = new Map<Error, EncodedError>()

  encode(error: Error, depth: number): EncodedError {
    const known = this.#seen.get(error)
    if (known !== undefined) return known
    const encoded: EncodedError = {
      class: classNameOf(error),
      name: text(error, 'name', MAX_FRAMES),
      message: text(error, 'message', MAX_TEXT),
      frames: '',
      fields: {},
      nested: {},
    }
    this.#seen.set(error, encoded)
    encoded.frames = framesOf(error, encoded)
    const keys = Object.getOwnPropertyNames(error).slice(0, MAX_FIELDS)
    for (const key of keys) {
      if (key === 'stack' || key === 'message' || key === '__proto__') continue
      const value = read(error, key)
      if (key === 'errors' && error instanceof AggregateError && Array.isArray(value)) {
        encoded.errors = value.slice(0, MAX_ERRORS).map((member: unknown) => this.#member(member, depth))
      } else if (isError(value)) {
        if (!this.#roomAt(depth, value)) continue
        const nested = this.#within(value, depth)
        if (nested === undefined) encoded.fields[key] = describe(value)
        else encoded.nested[key] = nested
      } else {
        encoded.fields[key] = copyOf(value)
      }
    }
    return encoded
  }

  #member(member: unknown, depth: number): unknown {
    if (!isError(member)) return { value: copyOf(member) }
    if (!this.#roomAt(depth, member)) return { value: `${text(member, 'name', MAX_FRAMES)}: left out` }
    const error = this.#within(member, depth)
    return error === undefined ? { value: describe(member) } : { error }
  }

  /** One that refuses to be looked at does not lose the error that it is part of. */
  #within(error: Error, depth: number): EncodedError | undefined {
    try {
      return this.encode(error, depth + 1)
    } catch {
      return undefined
    }
  }

  #roomAt(depth: number, error: Error): boolean {
    return this.#seen.has(error) || (depth < MAX_DEPTH && this.#seen.size < MAX_ERRORS)
  }
}

/**
 * Takes apart whatever a task threw.
 *
 * @param thrown any value; what is not an Error becomes one, with code `ERR_TASK_THREW`, or
 *   `ERR_RESULT_NOT_CLONEABLE` if it cannot be cloned
 */
export function encodeThrown(thrown: unknown): EncodedError {
  try {
    return encodeError(isError(thrown) ? thrown : wrapThrown(thrown))
  } catch {
    // A proxy that refuses to be looked at; the task has thrown all the same.
    return encodeError(new ResultNotCloneableError('thrown'))
  }
}

export function encodeError(error: Error): EncodedError {
  return new Encoder().encode(error, 0)
}

/** The reason of an abort on its way: errors are taken apart, other values cross as copies, if they can. */
export type EncodedReason = { readonly error: EncodedError } | { readonly value: unknown }

/** Never throws: that a task is cancelled has been decided by then. */
export function encodeReason(reason: unknown): EncodedReason {
  try {
    if (isError(reason)) return { error: encodeError(reason) }
  } catch {
    // A proxy of an error that refuses to be looked at.
  }
  return { value: copyOf(reason) }
}

export function decodeReason(reason: EncodedReason): unknown {
  return 'error' in reason ? decodeError(reason.error) : reason.value
}

/** Why a task has no value: an error taken apart, or the reason of the signal that cancelled it, if that is none. */
export type EncodedFailure = EncodedError | { readonly reason: unknown }

/** Never throws. */
export function encodeFailure(why: unknown): EncodedFailure {
  const encoded = encodeReason(why)
  return 'error' in encoded ? encoded.error : { reason: encoded.value }
}

/** Puts an error together again. Fields that the class's own prototype would refuse are left out. */
export function decodeError(encoded: EncodedError, seen = new Map<EncodedError, Error>()): Error {
  const known = seen.get(encoded)
  if (known !== undefined) return known
  const error = newError(encoded.class, encoded.name, encoded.message)
  seen.set(encoded, error)
  for (const [key, value] of Object.entries(encoded.fields)) define(error, key, value)
  for (const [key, nested] of Object.entries(encoded.nested)) define(error, key, decodeError(nested, seen))
  if (encoded.errors !== undefined) {
    const members = encoded.errors.map(member => {
      const { error: inner, value } = member as { error?: EncodedError; value?: unknown }
      return inner === undefined ? value : decodeError(inner, seen)
    })
    define(error, 'errors', members)
  }
  if (read(error, 'name') !== encoded.name) define(error, 'name', encoded.name)
  // Else the one taken here would be made into text first, in which a program has its say, and which takes longest.
  Reflect.deleteProperty(error, 'stack')
  define(error, 'stack', `${header(encoded)}${encoded.frames}`)
  return error
}

/**
 * Ends an error's stack with the frames of the thread it was delivered to.
 *
 * @param error an error put together by `decodeError`
 * @param here a stack taken on this thread
 */
export function appendCaller(error: Error, here: string): void {
  const callers = framesIn(here)
    .split('\n')
    .filter(line => line.startsWith('    at async ') || (line !== '' && !isOwnFrame(line)))
  if (callers.length > 0)
    define(error, 'stack', `${error.stack}\n    at [another thread]\n${callers.join('\n')}`)
}

function wrapThrown(value: unknown): MultilaneError {
  const path = pathToUncloneable(value, 'thrown')
  return path === undefined ? new TaskThrewError(value) : new ResultNotCloneableError(path)
}

function header(encoded: EncodedError): string {
  return encoded.message === '' ? encoded.name : `${encoded.name}: ${encoded.message}`
}

function framesOf(error: Error, encoded: EncodedError): string {
  const stack = read(error, 'stack')
  if (typeof stack !== 'string') return ''
  const start = header(encoded)
  return (stack.startsWith(start) ? stack.slice(start.length) : framesIn(stack)).slice(0, MAX_FRAMES)
}

/** Own accessors, and proxies, may throw: an error that cannot be read must not become another one. */
function read(error: Error, key: string): unknown {
  try {
    return Reflect.get(error, key)
  } catch (thrown) {
    return `(unreadable: ${describe(thrown)})`
  }
}

function text(error: Error, key: 'name' | 'message', limit: number): string {
  const value = read(error, key)
  return (typeof value === 'string' ? value : describe(value)).slice(0, limit)
}

/**
 * Of what cannot be cloned, a text, and of what is nested so deep that the other side might not be able to read it. No accessor
 * is left in it, which may throw when it is read once more.
 */
function copyOf(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return describe(value)
  if (typeof value !== 'object') return value
  try {
    const copy: unknown = structuredClone(value)
    return isNestedTooDeep(copy) ? describe(value) : copy
  } catch {
    return describe(value)
  }
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: !['stack', 'message', 'cause', 'errors', 'name'].includes(key),
  })
}
