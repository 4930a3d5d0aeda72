import { InvalidArgumentError } from './errors.js'

/** Checks of options: each returns the value it was given or throws `ERR_INVALID_ARG` that names the option. */

export function finiteAtLeast(option: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least) {
    throw new InvalidArgumentError(option, `a finite number of at least ${least}`, value)
  }
  return value
}

export function integerWithin(option: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(option, `an integer from ${least} to ${most}`, value)
  }
  return value
}

export function oneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find(name => name === value)
  if (found === undefined) {
    throw new InvalidArgumentError(option, `one of ${allowed.map(name => `'${name}'`).join(', ')}`, value)
  }
  return found
}

export function plainObject(option: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(option, 'an object', value)
  }
  return value as Readonly<Record<string, unknown>>
}

/** An unknown option is a misspelt one more often than not, so it is refused rather than ignored. */
export function knownKeys(option: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      const path = option === '' ? key : `${option}.${key}`
      throw new InvalidArgumentError(path, `one of the options here, which are ${known.join(', ')}`, key)
    }
  }
}
