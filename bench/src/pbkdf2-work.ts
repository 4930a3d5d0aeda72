import { pbkdf2Sync } from 'node:crypto'
import { median } from './statistics.js'

/** How many iterations of PBKDF2 with SHA-256 take this long here. */
export function iterationsFor(milliseconds: number): number {
  const trial = 5_000
  const trials = Array.from({ length: 20 }, () => {
    const start = performance.now()
    pbkdf2Sync('password', 'salt', trial, 32, 'sha256')
    return performance.now() - start
  })
  return Math.round((trial * milliseconds) / median(trials))
}
