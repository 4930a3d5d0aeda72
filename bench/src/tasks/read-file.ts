import { pbkdf2, pbkdf2Sync } from 'node:crypto'
import { readFile } from 'node:fs'
import { promisify } from 'node:util'

/** The urgent work: a file, read as a server would read a template or a key. */
export function read(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    readFile(path, (error, content) => (error === null ? resolve(content.length) : reject(error)))
  })
}

/** Bulk work on the thread that runs it. */
export function deriveHere(iterations: number): number {
  return pbkdf2Sync('password', 'salt', iterations, 32, 'sha256').length
}

/** Many times more than a pool of four can do at once. */
const CALLS = 16

/** The same many times over on libuv's pool, which all threads of the process share. */
export function deriveOnPool(iterations: number): Promise<unknown> {
  const derive = promisify(pbkdf2)
  return Promise.all(
    Array.from({ length: CALLS }, () => derive('password', 'salt', iterations, 32, 'sha256')),
  )
}
