import type { ChildProcess } from 'node:child_process'

/** It takes two milliseconds; what takes this long is stuck, and the thread stays niced. */
const BOUND_MS = 1_000

/**
 * Asks the operating system to schedule another thread of this process by the policy `SCHED_IDLE`.
 *
 * Node has no call for it, so the command `chrt` of util-linux does it. It is run by the supervisor, which
 * has a normal priority, and not by the thread itself: a command inherits the niceness of who starts it, and on a busy
 * machine a niced one might come to nothing for seconds. It takes about a millisecond of the supervisor's time.
 *
 * @param thread the operating system's number of the thread
 * @returns resolves when it has been tried, and never rejects: whether it worked is for the thread itself to read
 */
export async function requestIdlePolicy(thread: number): Promise<void> {
  if (process.platform !== 'linux') return
  // Only when it is wanted: loading it would make every scheduler start later.
  const { spawn } = await import('node:child_process')
  await new Promise<void>(resolve => {
    let child: ChildProcess
    try {
      child = spawn('chrt', ['-i', '-p', '0', String(thread)], {
        stdio: 'ignore',
        timeout: BOUND_MS,
        killSignal: 'SIGKILL',
      })
    } catch {
      // Node's permission model forbids child processes.
      resolve()
      return
    }
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}
