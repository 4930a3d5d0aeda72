import { isHandle } from './handle-args.js'

/**
 * Finds what in a value cannot be cloned to another thread.
 *
 * A failed clone says what failed in words and not where; a task's author needs the path. Called only after a clone
 * has failed, or for the odd field of an error, never on the hot path.
 */
const MAX_DEPTH = 64

/**
 * @param value what was to be cloned
 * @param path what to call it
 * @param transfer what is handed over rather than cloned
 * @returns the path to the first part that cannot be cloned, such as `args[0].onDone`; undefined if all of it can
 */
export function pathToUncloneable(
  value: unknown,
  path: string,
  transfer: readonly object[] = [],
): string | undefined {
  if (!isContainer(value)) return leafIsCloneable(value, transfer) ? undefined : path
  if (clones(value)) return undefined
  const refuses = (part: unknown): boolean => !isContainer(part) && !leafIsCloneable(part, transfer)
  const found = search(value, path, refuses, new Set(), 0)
  // With nothing handed over, something must be wrong, if only too deep to be found.
  return found ?? (transfer.length === 0 ? path : undefined)
}

/** @returns the path to the first handle of a task in a value, if there is one: it would be cloned to an empty object */
export function pathToHandle(value: unknown, path: string): string | undefined {
  const refuses = (part: unknown): boolean => typeof part === 'object' && part !== null && isHandle(part)
  return search(value, path, refuses, new Set(), 0)
}

function search(
  value: unknown,
  path: string,
  refuses: (part: unknown) => boolean,
  seen: Set<unknown>,
  depth: number,
): string | undefined {
  let at = path
  try {
    if (refuses(value)) return path
    if (!isContainer(value)) return undefined
    if (seen.has(value) || depth > MAX_DEPTH) return undefined
    seen.add(value)
    for (const [step, read] of parts(value)) {
      at = path + step
      const found = search(read(), at, refuses, seen, depth + 1)
      if (found !== undefined) return found
    }
  } catch {
    // An accessor or a proxy that throws: what cannot be read cannot be cloned.
    return at
  }
  return undefined
}

function* parts(value: object): Generator<readonly [string, () => unknown]> {
  if (value instanceof Map) {
    let index = 0
    for (const [key, inner] of value) {
      yield [`.keys()[${index}]`, () => key]
      yield [typeof key === 'string' ? `.get('${key}')` : `.values()[${index}]`, () => inner]
      index++
    }
  } else if (value instanceof Set) {
    let index = 0
    for (const inner of value) yield [`.values()[${index++}]`, () => inner]
  } else {
    for (const key of Object.keys(value)) {
      yield [Array.isArray(value) ? `[${key}]` : `.${key}`, () => (value as Record<string, unknown>)[key]]
    }
  }
}

/** Whether to look inside: arrays, maps, sets, and whatever else is cloned by its own enumerable fields. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true
    return Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof Promise)
  } catch {
    // A revoked proxy, or a tag that throws: nothing to look into.
    return false
  }
}

function leafIsCloneable(value: unknown, transfer: readonly object[]): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false
  if (typeof value !== 'object' || value === null) return true
  return transfer.includes(value) || clones(value)
}

function clones(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    // The answer, not an error: a value that cannot be cloned is what is being looked for.
    return false
  }
}
