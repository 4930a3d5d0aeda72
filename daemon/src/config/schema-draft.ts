import { Ajv } from 'ajv'

/**
 * Looks whether schemas are sound ones of draft 7, and holds none but that of the draft itself. There is one of it, since
 * to compile the draft takes longer than most of what is written in it.
 */
export const draft = new Ajv({ allErrors: true, logger: false })
