import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/** How the operating system is asked to schedule a lane's threads. */
export type OsPriority = 'normal' | 'nice'

/**
 * Lowers the priority of the calling thread alone.
 *
 * On Linux a thread has a number of its own, which `setpriority(2)` takes in place of a process's, and any thread may
 * lower itself. Elsewhere a process can only be niced whole, so nothing is done.
 *
 * @returns what was really applied
 */
export function applyOsPriority(wanted: OsPriority): OsPriority {
  if (wanted === 'normal' || process.platform !== 'linux') return 'normal'
  const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  setPriority(thread, constants.priority.PRIORITY_LOW)
  return 'nice'
}
