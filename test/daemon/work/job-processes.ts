import { readdirSync, readFileSync } from 'node:fs'

/** The processes, zombies apart, that were started for a job, wherever they have gone since. */
export function processesOf(jobId: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter(pid => environmentOf(pid).includes(`MULTILANED_JOB_ID=${jobId}`))
}

/** That of a zombie is empty. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
