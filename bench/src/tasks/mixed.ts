import { createHash, pbkdf2Sync } from 'node:crypto'

const KILOBYTE = Buffer.alloc(1024, 7)
/** Together about 20 µs of real work. */
const HASHES = 12

/** The urgent work: short, as a session check or a price would be. */
export function check({ seed }: { readonly seed: number }): number {
  let sum = seed
  for (let i = 0; i < HASHES; i++) sum ^= createHash('sha256').update(KILOBYTE).digest()[0]!
  return sum
}

/** The bulk work: milliseconds in which the thread does nothing else. */
export function derive({ iterations }: { readonly iterations: number }): string {
  return pbkdf2Sync('password', 'salt', iterations, 32, 'sha256').toString('hex')
}
