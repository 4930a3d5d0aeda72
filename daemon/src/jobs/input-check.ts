import type { ValidateFunction } from 'ajv'
import { compileInputSchema } from '../config/input-schema.js'
import type { JobDefinition } from './job-definition.js'

/** Checks what a job is to be called with against the schema of its definition. */
export class InputCheck {
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(definitions: Iterable<JobDefinition>) {
    for (const { name, input } of definitions) {
      if (input !== null) this.#validators.set(name, compileInputSchema(input))
    }
  }

  /** @returns what is wrong with it, or undefined */
  problem(name: string, input: unknown): string | undefined {
    const validate = this.#validators.get(name)
    if (validate === undefined || validate(input ?? null)) return undefined
    const first = validate.errors?.[0]
    return `input${first?.instancePath ?? ''} ${first?.message ?? 'does not fit the schema of the job'}`
  }
}

/** What an input says of its cost, 1 where it says nothing. */
export function costOf(definition: JobDefinition, input: unknown): number {
  if (definition.cost === null || typeof input !== 'object' || input === null) return 1
  const cost: unknown = Object.getOwnPropertyDescriptor(input, definition.cost)?.value
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : 1
}
