import { readdirSync, readFileSync } from 'node:fs'

/** How Linux schedules a thread: the policy 0 is the normal one, 5 is `SCHED_IDLE`. */
export interface OsThread {
  /** At most 15 characters. */
  readonly name: string
  readonly nice: number
  readonly policy: number
}

/** @param path of a thread or process in `/proc` */
export function readOsThread(path: string): OsThread {
  const stat = readFileSync(`${path}/stat`, 'utf8')
  const bracket = stat.lastIndexOf(')')
  // From the third field on, as proc_pid_stat(5) counts them.
  const fields = stat.slice(bracket + 2).split(' ')
  return {
    name: stat.slice(stat.indexOf('(') + 1, bracket),
    nice: Number(fields[19 - 3]),
    policy: Number(fields[41 - 3]),
  }
}

/** All threads of this process. */
export function ownOsThreads(): OsThread[] {
  return readdirSync('/proc/self/task').flatMap(thread => {
    try {
      return [readOsThread(`/proc/self/task/${thread}`)]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
}
