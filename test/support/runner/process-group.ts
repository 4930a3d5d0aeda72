import { setTimeout as sleep } from 'node:timers/promises'

/** How long a group may take to leave after SIGTERM; a nested runner uses it to end its own children. */
const LEAVE_MS = 1000
const LOOK_EVERY_MS = 20

function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    // Windows has no process groups.
    return process.kill(process.platform === 'win32' ? leader : -leader, signal)
  } catch {
    return false
  }
}

/** Ends whatever is left of the process group of a child that was started `detached`. */
export async function endProcessGroup(leader: number): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return
  for (let waited = 0; waited < LEAVE_MS; waited += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS)
    if (!signalGroup(leader, 0)) return
  }
  signalGroup(leader, 'SIGKILL')
}
