import { execFileSync } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type OsThread, readOsThread } from '../../support/os-threads.js'

let atSetup: OsThread | undefined

export function setup(): void {
  atSetup = ownThread()
}

export function ownThread(): OsThread {
  return readOsThread('/proc/thread-self')
}

export function threadAtSetup(): OsThread | undefined {
  return atSetup
}

/** How a child process is scheduled that a task starts. */
export function child(): number[] {
  const script = "const {readFileSync} = require('fs'); console.log(readFileSync('/proc/self/stat', 'utf8'))"
  const stat = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [Number(fields[16]), Number(fields[38])]
}

/** Has all of the pool's threads work at once. */
export async function usePool(): Promise<void> {
  const derive = promisify(pbkdf2)
  const work: Promise<unknown>[] = Array.from({ length: 16 }, () => derive('a', 'b', 2000, 32, 'sha256'))
  work.push(...Array.from({ length: 16 }, () => readFile('/proc/self/stat')))
  await Promise.all(work)
}

export function exit(): void {
  process.exit(3)
}
