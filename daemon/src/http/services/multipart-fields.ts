// For what it adds to the type of a request.
import type {} from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { RequestError } from './request-error.js'

// A value is cut off at fieldSize, which is more than any field that is looked at may have.
const LIMITS = { fields: 20, parts: 20, fieldNameSize: 100, fieldSize: 4096 }

/**
 * Reads the fields of a multipart form; a name that comes twice has a list. Nothing of a file is kept.
 *
 * @param limit how many bytes the whole form may have
 * @throws RequestError if it is malformed or too large, or holds a file
 */
export async function multipartFields(
  request: FastifyRequest,
  limit: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { raw } = request
  let size = 0
  const tooLarge = new Promise<never>((_resolve, reject) => {
    // The parser reads the connection by itself, past the server's own limit of bodies.
    raw.on('data', function count(chunk: Buffer) {
      size += chunk.length
      if (size <= limit) return
      raw.off('data', count)
      raw.unpipe()
      reject(new RequestError(`The form has more than ${limit} bytes.`, 413))
    })
  })
  return Promise.race([collect(request), tooLarge])
}

async function collect(request: FastifyRequest): Promise<Readonly<Record<string, unknown>>> {
  const fields = new Map<string, unknown>()
  let fault: string | undefined
  try {
    for await (const part of request.parts({ limits: LIMITS })) {
      if (part.type === 'file') {
        fault ??= `The field ${JSON.stringify(part.fieldname)} is a file: a job takes none.`
        part.file.resume()
      } else {
        const { fieldname: name, value } = part
        fields.set(name, fields.has(name) ? [fields.get(name), value] : value)
      }
    }
  } catch (error) {
    throw new RequestError(`The form cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  if (fault !== undefined) throw new RequestError(fault)
  return Object.fromEntries(fields)
}
