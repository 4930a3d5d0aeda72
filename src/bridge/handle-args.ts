import type { Task } from '../core/task.js'
import type { Lending } from './lending.js'

/** What a handle is asked for by those who have to hand its task to another thread. */
export const LENT = Symbol('multilane.lent')

export interface Lendable {
  /** @returns the task, and who can hand it to others; undefined if nobody can */
  [LENT](): { readonly task: Task; readonly lending: Lending | undefined }
}

/** Deeper than this an object may be within itself. */
const DEEP = 16

let exist = false

/** A handle has been made. As long as none has, arguments need not be looked through. */
export function noteHandle(): void {
  exist = true
}

/**
 * Finds the handles in the arguments of a task: those that are arguments, or in plain objects and arrays.
 *
 * @returns null if there are none
 */
export function handlesIn(args: readonly unknown[]): Lendable[] | null {
  if (!exist) return null
  const found: Lendable[] = []
  for (const arg of args) collect(arg, 0, null, found)
  return found.length === 0 ? null : found
}

function collect(value: unknown, depth: number, path: Set<object> | null, found: Lendable[]): void {
  if (typeof value !== 'object' || value === null) return
  if (LENT in value) {
    if (!found.includes(value as Lendable)) found.push(value as Lendable)
    return
  }
  if (!isPlain(value)) return
  let seen = path
  if (depth > DEEP) {
    seen ??= new Set()
    if (seen.has(value)) return
    seen.add(value)
  }
  if (Array.isArray(value)) for (const item of value) collect(item, depth + 1, seen, found)
  else for (const key of Object.keys(value)) collect(read(value, key), depth + 1, seen, found)
}

/** A getter that throws makes the whole uncloneable, which is told when it is cloned. */
function read(object: object, key: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[key]
  } catch {
    return undefined
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Puts handles where their clones are. A handle is cloned to an empty object; since a message is cloned as a whole, it is
 * the same object in the arguments and in the list that was sent with them.
 *
 * @param args those that came, without the list
 * @param handles what each clone stands for
 */
export function putHandles(args: readonly unknown[], handles: ReadonlyMap<unknown, unknown>): unknown[] {
  const seen = new Set<object>()
  const put = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const handle = handles.get(value)
    if (handle !== undefined) return handle
    if (seen.has(value) || !isPlain(value)) return value
    seen.add(value)
    const container = value as Record<string, unknown>
    for (const key of Object.keys(value)) {
      const item = container[key]
      const replaced = put(item)
      if (replaced !== item) container[key] = replaced
    }
    return value
  }
  return args.map(put)
}
