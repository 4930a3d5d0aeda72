import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifyRouteSchemaDef, FastifySchemaValidationError } from 'fastify/types/schema.js'
import { draft } from '../config/schema-draft.js'
import { isJobId } from './services/job-ids.js'
import { instantOf } from './services/when.js'

const ZONED = /^\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:\d{2})$/

/** @returns epoch milliseconds; undefined unless it is an ISO 8601 date with time and zone */
export function zonedInstantOf(text: string): number | undefined {
  return ZONED.test(text) ? instantOf(text) : undefined
}

const FORMATS = {
  uuid: isJobId,
  'date-time': (text: string) => zonedInstantOf(text) !== undefined,
}

const GOOD_VALUES: Readonly<Record<string, string>> = {
  uuid: 'a UUID in lower case, such as 0b9f2c1e-8a54-4c7e-9d3f-6a1b2c3d4e5f',
  'date-time': 'ISO 8601 with a time and a zone, such as 2030-01-31T09:30:00Z',
}

/**
 * Compiles the schemas of requests. Nothing is filled in, taken away or turned into another type: only what stands in
 * a URL, where all is text, is read as the type it should have.
 *
 * @param shared the schemas that others may refer to, by their `$id`
 */
export function requestSchemaCompiler(shared: Readonly<Record<string, AnySchema | AnySchema[]>>) {
  const options = { strict: true, allowUnionTypes: true, formats: FORMATS, validateSchema: false }
  const exact = new Ajv(options)
  const textual = new Ajv({ ...options, coerceTypes: 'array' })
  const all = Object.values(shared).flat()
  for (const schema of all) draft.validateSchema(schema, true)
  for (const ajv of [exact, textual]) ajv.addSchema(all)
  // The framework hands over a route's schema with its place, though its types say that it is the schema alone.
  return (given: unknown): ValidateFunction => {
    const { schema, httpPart } = given as FastifyRouteSchemaDef<AnySchema>
    draft.validateSchema(schema, true)
    return (httpPart === 'querystring' ? textual : exact).compile(schema)
  }
}

/** Says what is wrong with a request and where. @param part which part of the request it is */
export function describeMismatch(errors: readonly FastifySchemaValidationError[], part: string): Error {
  const [first] = errors as readonly Pick<ErrorObject, 'instancePath' | 'keyword' | 'params' | 'message'>[]
  const place = part === 'querystring' ? 'query' : part
  const where = `${place}${(first?.instancePath ?? '').replaceAll('/', '.')}`
  return new Error(`${shortened(where)} ${complaintOf(first)}`)
}

function complaintOf(error: Pick<ErrorObject, 'keyword' | 'params' | 'message'> | undefined): string {
  const params: Readonly<Record<string, unknown>> = error?.params ?? {}
  switch (error?.keyword) {
    case 'additionalProperties':
      return `must not have the field ${shortened(JSON.stringify(params.additionalProperty))}`
    case 'required':
      return `must have the field ${JSON.stringify(params.missingProperty)}`
    case 'enum':
      return `must be one of ${[params.allowedValues].flat().join(', ')}`
    case 'format':
      return `must be ${GOOD_VALUES[`${params.format}`] ?? `of the format ${params.format}`}`
    default:
      return error?.message ?? 'is not as it must be'
  }
}

// A client's own field name may be as long as its body.
function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
