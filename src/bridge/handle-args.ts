import type { Task } from '../core/task.js'
import type { Lending } from './lending.js'

/** What a handle is asked for by those who have to hand its task to another thread. */
export const LENT = Symbol('multilane.lent')

export interface Lendable {
  /** @returns the task, and who can hand it to others; undefined if nobody can */
  [LENT](): { readonly task: Task; readonly lending: Lending | undefined }
}

/** A handle that was found, and what it answered. */
export interface FoundHandle {
  readonly handle: object
  readonly task: Task
  readonly lending: Lending | undefined
}

/** As long as no more has been looked at than this, nothing is noted of where one has been. */
const FEW = 16

let exist = false

/** A handle has been made. As long as none has, arguments need not be looked through. */
export function noteHandle(): void {
  exist = true
}

/**
 * Finds the handles in the arguments of a task, wherever in them what is cloned can be: in arrays, maps, sets, and the own
 * fields of objects. Each is found once. It never throws: what cannot be read cannot be cloned either, which is told then.
 *
 * @returns null if there are none
 */
export function handlesIn(args: readonly unknown[]): FoundHandle[] | null {
  if (!exist) return null
  // Not by recursion: a long list of objects would be too deep for that.
  const pending: object[] = []
  const note = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) pending.push(value)
  }
  try {
    for (const arg of args) note(arg)
  } catch {
    // A list that is a proxy, or has accessors that throw.
  }
  if (pending.length === 0) return null
  let found: Map<object, FoundHandle> | null = null
  let seen: Set<object> | null = null
  for (let looked = 0; pending.length > 0; looked++) {
    const value = pending.pop()!
    if (looked >= FEW) {
      seen ??= new Set()
      if (seen.has(value)) continue
      seen.add(value)
    }
    try {
      if (isHandle(value)) {
        found ??= new Map()
        found.set(value, { handle: value, ...value[LENT]() })
      } else eachPart(value, note)
    } catch {
      // A proxy, or an accessor that throws.
    }
  }
  return found === null ? null : [...found.values()]
}

/** @throws whatever a proxy throws */
export function isHandle(value: object): value is Lendable {
  return LENT in value
}

function eachPart(value: object, call: (part: unknown) => void): void {
  if (Array.isArray(value) || value instanceof Set) for (const item of value) call(item)
  else if (value instanceof Map) {
    for (const [key, item] of value) {
      call(key)
      call(item)
    }
  } else if (!ArrayBuffer.isView(value)) {
    for (const key of Object.keys(value)) call((value as Readonly<Record<string, unknown>>)[key])
  }
}

/**
 * Puts handles where their clones are. A handle is cloned to an empty object; since a message is cloned as a whole, it is
 * the same object in the arguments and in the list that was sent with them.
 *
 * @param args those that came, without the list
 * @param handles what each clone stands for
 */
export function putHandles(args: readonly unknown[], handles: ReadonlyMap<unknown, unknown>): unknown[] {
  const root = [...args]
  const seen = new Set<object>([root])
  const put = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const handle = handles.get(value)
    if (handle !== undefined) return handle
    // Walked through while it grows.
    seen.add(value)
    return value
  }
  for (const container of seen) replaceParts(container, put)
  return root
}

function replaceParts(value: object, put: (part: unknown) => unknown): void {
  if (value instanceof Map) {
    const entries = [...value]
    const replaced = entries.map(([key, item]) => [put(key), put(item)] as const)
    if (replaced.every(([key, item], i) => key === entries[i]![0] && item === entries[i]![1])) return
    value.clear()
    for (const [key, item] of replaced) value.set(key, item)
  } else if (value instanceof Set) {
    const items = [...value]
    const replaced = items.map(put)
    if (replaced.every((item, i) => item === items[i])) return
    value.clear()
    for (const item of replaced) value.add(item)
  } else if (!ArrayBuffer.isView(value)) {
    const container = value as Record<string, unknown>
    for (const key of Object.keys(value)) {
      const item = container[key]
      const replaced = put(item)
      if (replaced !== item) container[key] = replaced
    }
  }
}
