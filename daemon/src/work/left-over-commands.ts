import { JOB_ID_VARIABLE } from './process-group.js'
import { HAS_PROCESS_TABLE, readProcess, runningProcesses, settingOf } from './process-table.js'

/** A session in which something runs that was started for a job. */
export interface LeftOverCommand {
  readonly jobId: string
  /** The number of the session's first process. */
  readonly session: number
}

/**
 * Finds the commands of jobs that run just now, whichever daemon's, by the environment they were started with.
 *
 * It is for the start after a death. A daemon can die between the start of a command and the record of its process;
 * then the command runs on, and no store knows of it.
 */
export async function leftOverCommands(): Promise<readonly LeftOverCommand[]> {
  if (!HAS_PROCESS_TABLE) return []
  const own = readProcess(process.pid)?.session
  const found = new Map<number, LeftOverCommand>()
  for await (const { pid, session } of runningProcesses()) {
    const jobId = settingOf(pid, JOB_ID_VARIABLE)
    // A command may have started this very daemon.
    if (jobId === undefined || session === own) continue
    // A person may have set the variable to try something; the session is that person's then, and begun without it.
    const isOfJob = readProcess(session) === undefined || settingOf(session, JOB_ID_VARIABLE) === jobId
    if (isOfJob) found.set(session, { jobId, session })
  }
  return [...found.values()]
}
