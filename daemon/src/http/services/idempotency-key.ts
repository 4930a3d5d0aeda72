import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Idempotency } from '../../jobs/job-service.js'
import { RequestError } from './request-error.js'

const KEY = /^[\x21-\x7e]{1,255}$/

/**
 * Reads the `Idempotency-Key` header, under which a request that is sent again gets the jobs of the first one.
 *
 * @param meaning what the request asks for, as a JSON value: another meaning under the same key is a conflict
 * @returns undefined without the header
 * @throws RequestError if the key is empty, longer than 255 characters, or not of printable ASCII without spaces
 */
export function idempotencyOf(request: FastifyRequest, meaning: unknown): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new RequestError(
      'The header Idempotency-Key must be 1 to 255 printable ASCII characters without spaces, ' +
        'such as 7f9c24e8-3b1a-4c55-9d2f-0a6e5b1c8d11.',
    )
  }
  const [path] = request.url.split('?', 1)
  const text = canonicalJson([request.method, path, meaning])
  return { key, fingerprint: createHash('sha256').update(text).digest('hex') }
}

/** JSON text that is the same for objects with the same fields in another order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    const fields = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
    // Without a prototype, so that no name of a field means anything.
    return Object.assign(Object.create(null), Object.fromEntries(fields))
  })
}
