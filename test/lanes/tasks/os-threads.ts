import { execFileSync } from 'node:child_process'
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

export function exit(): void {
  process.exit(3)
}
