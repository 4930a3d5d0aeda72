import { Ajv, type ValidateFunction } from 'ajv'
import type { ConfigPath } from './config-path.js'
import type { Field } from './field.js'
import { pathToNonFinite } from './plain-data.js'
import { draft } from './schema-draft.js'

type Schema = Readonly<Record<string, unknown>>

/** Unknown keywords are refused, for they are misspelt ones more often than not. */
const OPTIONS = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  logger: false,
  // Else `required: [constructor]` is met by every object.
  ownProperties: true,
} as const

/**
 * Compiles the JSON Schema of a job's input, in the one way that the daemon does it.
 *
 * @throws Error if it is not a sound schema of draft 7, or refers to one that is elsewhere
 */
export function compileInputSchema(schema: Schema): ValidateFunction {
  draft.validateSchema(schema, true)
  // An instance of its own, for schemas of different jobs may have the same name.
  return new Ajv({ ...OPTIONS, validateSchema: false }).compile(schema)
}

/** Compiled once here, so that a bad schema is found when the configuration is loaded. */
export function readInputSchema(field: Field): Schema | null {
  if (!field.given) return null
  const { value } = field
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    field.problem('is not a JSON Schema; write {type: object}')
    return null
  }
  const schema = value as Schema
  const nonFinite = pathToNonFinite(schema)
  if (nonFinite !== undefined) field.problem('is not a finite number; write 1', nonFinite)
  // An asynchronous validator answers with a promise, which would pass for true.
  else if (Object.hasOwn(schema, '$async')) field.problem('cannot be asynchronous; leave it out', ['$async'])
  else if (isSound(schema, field)) return schema
  return null
}

function isSound(schema: Schema, field: Field): boolean {
  try {
    if (draft.validateSchema(schema) === true) {
      compileInputSchema(schema)
      return true
    }
  } catch (error) {
    field.problem(`is not a sound JSON Schema: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
  const places = new Map((draft.errors ?? []).map(error => [error.instancePath, error.message ?? 'is wrong']))
  for (const [pointer, message] of places) {
    field.problem(
      `is not as JSON Schema has it: ${message}; a sound one is {type: object}`,
      stepsOf(pointer, schema),
    )
  }
  return false
}

/** The steps of a JSON Pointer, indexes of lists as numbers. */
function stepsOf(pointer: string, schema: Schema): ConfigPath {
  let current: unknown = schema
  return pointer
    .split('/')
    .slice(1)
    .map(part => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const step = Array.isArray(current) ? Number(name) : name
      current = typeof current === 'object' && current !== null ? Reflect.get(current, step) : undefined
      return step
    })
}
