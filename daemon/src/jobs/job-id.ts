import { randomFillSync } from 'node:crypto'

/** Random bytes are fetched for so many ids at once: a call for each would cost more than the rest of it. */
const AT_ONCE = 256
const BYTES = 10

const pool = Buffer.alloc(AT_ONCE * BYTES)
let used = pool.length

/**
 * Makes a UUID of version 7: its first 48 bits are the time, so that ids made one after another are neighbours in the
 * store's index, and a checkpoint writes the end of that index rather than a page of it for every job. 74 bits are
 * random.
 *
 * @param now epoch milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 */
export function newJobId(now: number): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + BYTES)
  used += BYTES
  bytes[0] = 0x70 | (bytes[0]! & 0x0f)
  bytes[2] = 0x80 | (bytes[2]! & 0x3f)
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const rest = bytes.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`
}
