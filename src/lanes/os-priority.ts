import { readFileSync, readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * How the operating system schedules a lane's threads, on Linux:
 *
 * - `normal`: as the thread that made the scheduler.
 * - `nice`: with the lowest nice priority, 19. It still gets a share of a busy core, about 1/70 of a normal thread's.
 * - `idle`: as `nice`, and by the policy `SCHED_IDLE`: a normal thread that wakes takes the core from it at once. On a
 *   machine that others keep busy it hardly runs at all.
 *
 * None can be taken back: a thread may lower itself, not raise itself. What a lane thread starts, a thread of native
 * code or a child process, inherits it.
 */
export type OsPriority = 'normal' | 'nice' | 'idle'
export const OS_PRIORITIES = ['normal', 'nice', 'idle'] as const satisfies readonly OsPriority[]

/** In the kernel's numbers; see sched(7). */
const SCHED_IDLE = 5
/** Where they stand after the name of the thread in `/proc/…/stat`; see proc_pid_stat(5). */
const NICE = 19 - 3
const POLICY = 41 - 3

/**
 * Gives the calling thread alone the lowest nice priority.
 *
 * On Linux a thread has a number of its own, which `setpriority(2)` takes in place of a process's, and any thread may
 * lower itself. Elsewhere a process can only be niced whole, so nothing is done.
 *
 * @returns the operating system's number of the thread; undefined where nothing could be done
 */
export function niceOwnThread(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, constants.priority.PRIORITY_LOW)
    return thread
  } catch {
    // No /proc, or a sandbox that forbids the call. What was applied is read back, so nobody is told otherwise.
    return undefined
  }
}

/** How the operating system really schedules the calling thread. */
export function readOwnPriority(): OsPriority {
  if (process.platform !== 'linux') return 'normal'
  try {
    return priorityIn(readFileSync('/proc/thread-self/stat', 'utf8'))
  } catch {
    return 'normal'
  }
}

/** @param stat the content of a thread's `/proc/…/stat` */
export function priorityIn(stat: string): OsPriority {
  // The name stands in brackets, and may have blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (Number(fields[POLICY]) === SCHED_IDLE) return 'idle'
  return Number(fields[NICE]) === constants.priority.PRIORITY_LOW ? 'nice' : 'normal'
}
