import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** A process as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number
  /** One letter; Z is a zombie. */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly nice: number
  /** Clock ticks since the system's boot. */
  readonly startTicks: string
}

/** Whether this system shows its processes. */
export const HAS_PROCESS_TABLE = existsSync('/proc/self/stat')

/** So many processes are read before the event loop gets a turn; each takes some 20 µs. */
const READ_AT_ONCE = 50

/** @returns undefined if there is no such process, or it is not shown to us */
export function readProcess(pid: number): ProcessEntry | undefined {
  const stat = readOf(`/proc/${pid}/stat`)
  // The name of the program stands in parentheses and may hold some itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined || fields.length < 20) return undefined
  return {
    pid,
    state: fields[0]!,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    nice: Number(fields[16]),
    startTicks: fields[19]!,
  }
}

/** The processes that run, of everybody; those that have ended and only wait for their parents do not. */
export async function* runningProcesses(): AsyncGenerator<ProcessEntry> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  for (const [index, pid] of pids.entries()) {
    if (index > 0 && index % READ_AT_ONCE === 0) await new Promise(resolve => setImmediate(resolve))
    const entry = readProcess(pid)
    if (entry !== undefined && isRunning(entry)) yield entry
  }
}

export async function membersOf(session: number): Promise<ProcessEntry[]> {
  const members: ProcessEntry[] = []
  for await (const entry of runningProcesses()) if (entry.session === session) members.push(entry)
  return members
}

/** What a variable was set to when a process was started; undefined if it was not, or that is not shown to us. */
export function settingOf(pid: number, variable: string): string | undefined {
  const start = `${variable}=`
  const setting = readOf(`/proc/${pid}/environ`)
    ?.split('\0')
    .find(entry => entry.startsWith(start))
  return setting?.slice(start.length)
}

export function isRunning(entry: ProcessEntry): boolean {
  return entry.state !== 'Z' && entry.state !== 'X'
}

const NOT_SHOWN: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM']

function readOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (NOT_SHOWN.includes((error as NodeJS.ErrnoException).code)) return undefined
    throw error
  }
}
