/** What is nested this deep can still be read where a good part of the stack is taken: the main thread's holds out for some 1,800. */
export const MOST_NESTED = 1_000

/**
 * Whether a value is nested deeper than that, so that whoever it is cloned to may not be able to read it. It never throws: of
 * what cannot be read it says no, since that cannot be cloned either.
 */
export function isNestedTooDeep(value: unknown): boolean {
  try {
    return isDeeperThan(value, MOST_NESTED, new Set())
  } catch {
    return false
  }
}

/** As a clone goes through it: what it has been through it does not go through again. */
function isDeeperThan(value: unknown, left: number, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value))
    return false
  if (left === 0) return true
  seen.add(value)
  for (const part of partsOf(value)) if (isDeeperThan(part, left - 1, seen)) return true
  return false
}

function partsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return value
  return Object.values(value)
}
