import type { ConfigPath } from './config-path.js'
import type { ConfigReport } from './config-report.js'

/** As a key it would set an object's prototype. Reported once here, and skipped by all who read on. */
export const RESERVED_NAME = '__proto__'

const DEEPEST = 64
const MOST_VALUES = 200_000
/** Of the way to what is nested too deep. */
const STEPS_SHOWN = 8

/**
 * Reports what no configuration can hold: functions, objects of a class, keys named `__proto__`, and what is nested
 * or repeated without end.
 *
 * @returns whether the value may be read on
 */
export function checkPlainData(value: unknown, report: ConfigReport): boolean {
  let values = 0
  let readable = true
  const refuse = (path: ConfigPath, message: string) => {
    report.problem(path, message)
    readable = false
  }
  const visit = (current: unknown, path: ConfigPath) => {
    if (++values > MOST_VALUES) return
    const fault = faultOf(current)
    if (fault !== undefined) return refuse(path, fault)
    if (typeof current !== 'object' || current === null) return
    if (path.length >= DEEPEST)
      return refuse(path.slice(0, STEPS_SHOWN), `is nested more than ${DEEPEST} deep`)
    for (const [step, child] of childrenOf(current)) {
      if (values > MOST_VALUES) return
      if (step !== RESERVED_NAME) visit(child, [...path, step])
      else
        report.problem([...path, step], 'is a name that JavaScript keeps for itself; choose another', 'name')
    }
  }
  visit(value, [])
  if (values > MOST_VALUES) refuse([], `has more than ${MOST_VALUES} values, aliases counted each time`)
  return readable
}

/** The first place below a value where it has a number that JSON has not. */
export function pathToNonFinite(value: unknown): ConfigPath | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : []
  if (typeof value !== 'object' || value === null) return undefined
  for (const [step, child] of childrenOf(value)) {
    const path = pathToNonFinite(child)
    if (path !== undefined) return [step, ...path]
  }
  return undefined
}

function childrenOf(container: object): Iterable<readonly [string | number, unknown]> {
  return Array.isArray(container) ? container.entries() : Object.entries(container)
}

function faultOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
    case 'function':
    case 'symbol':
      return `is a ${typeof value}; write text, a number, true or false, a list or a mapping`
    case 'object':
      return isPlain(value) ? undefined : 'is an object of a class; write a plain object or a list'
    default:
      return undefined
  }
}

function isPlain(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
