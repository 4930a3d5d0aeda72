import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessIdentity } from '../store/job-store.js'
import { HAS_PROCESS_TABLE, isRunning, membersOf, readProcess, settingOf } from './process-table.js'

/** The variable by which a job's processes are known as such when their head is gone. */
export const JOB_ID_VARIABLE = 'MULTILANED_JOB_ID'

/** How long processes have to end by themselves after SIGTERM, in milliseconds. */
export const GROUP_GRACE_MS = 2_000

/** SIGKILL needs no more than this, in milliseconds, unless the kernel itself holds a process. */
const KILL_LIMIT_MS = 5_000
const FIRST_LOOK_MS = 5
const LONGEST_LOOK_MS = 100

/**
 * `gone`: there was nothing left of it. `ended`: there was, and now there is not. `left`: something of it cannot be
 * ended. `unverifiable`: it cannot be told whose the processes are, so nothing was done.
 */
export type GroupEnd = 'gone' | 'ended' | 'left' | 'unverifiable'

/**
 * Tells a process apart from a later one of the same number.
 *
 * @param pid a child that has not been waited for, so that the number is still its own
 * @returns empty strings in it where the system does not show its processes
 */
export function identify(pid: number): ProcessIdentity {
  const entry = HAS_PROCESS_TABLE ? readProcess(pid) : undefined
  return { pid, startTicks: entry?.startTicks ?? '', bootId: entry === undefined ? '' : bootId() }
}

/** Whether this very process still runs; a zombie does not. */
export function isSame(identity: ProcessIdentity): boolean {
  if (!isVerifiable(identity) || identity.bootId !== bootId()) return false
  const entry = readProcess(identity.pid)
  return entry !== undefined && entry.startTicks === identity.startTicks && isRunning(entry)
}

/**
 * Ends what an earlier attempt of a job may have left running, and nothing else.
 *
 * The number of a process is not given to another one while its session has members. So if its head still runs, all
 * members are the job's. If it is gone, another session may have had the number since: then one of the members must
 * have been started with the job's id in its environment.
 *
 * @param options.jobId the job the process was started for
 * @param options.grace milliseconds from SIGTERM to SIGKILL; default 2,000
 */
export async function endGroup(
  identity: ProcessIdentity,
  options: { readonly jobId: string; readonly grace?: number },
): Promise<GroupEnd> {
  if (!isVerifiable(identity)) return 'unverifiable'
  if (identity.bootId !== bootId()) return 'gone'
  const head = readProcess(identity.pid)
  if (head !== undefined && head.startTicks !== identity.startTicks) return 'gone'
  const members = await membersOf(identity.pid)
  if (members.length === 0) return 'gone'
  const ours =
    (head !== undefined && head.session === identity.pid) ||
    members.some(({ pid }) => settingOf(pid, JOB_ID_VARIABLE) === options.jobId)
  if (!ours) return 'unverifiable'
  return endSession(identity.pid, options.grace)
}

/**
 * Ends all processes of a session: SIGTERM, then SIGKILL. It resolves when they are gone, or cannot be ended.
 *
 * @param leader the number of its first process; the caller knows that the session is its own
 * @param grace milliseconds from SIGTERM to SIGKILL
 */
export async function endSession(
  leader: number,
  grace = GROUP_GRACE_MS,
): Promise<Exclude<GroupEnd, 'unverifiable'>> {
  let groups = await groupsOf(leader)
  if (groups.length === 0) return 'gone'
  send(groups, 'SIGTERM')
  const start = performance.now()
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
    const left = start + grace - performance.now()
    await sleep(left > 0 ? Math.min(pause, left) : pause)
    groups = await groupsOf(leader)
    if (groups.length === 0) return 'ended'
    const elapsed = performance.now() - start
    if (elapsed >= grace + KILL_LIMIT_MS) return 'left'
    // Again each time: it may have started others meanwhile.
    if (elapsed >= grace) send(groups, 'SIGKILL')
  }
}

/** The process groups of a session: one, unless a shell of it has made groups for its own jobs. */
async function groupsOf(leader: number): Promise<number[]> {
  if (!HAS_PROCESS_TABLE) return reaches(leader, 0) ? [leader] : []
  return [...new Set((await membersOf(leader)).map(member => member.group))]
}

function send(groups: readonly number[], signal: NodeJS.Signals): void {
  for (const group of groups) reaches(group, signal)
}

function reaches(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return false
    // There is such a group, and it is another user's by now: it will be reported as left.
    if (code === 'EPERM') return true
    throw error
  }
}

function isVerifiable(identity: ProcessIdentity): boolean {
  return HAS_PROCESS_TABLE && identity.pid > 1 && identity.startTicks !== '' && identity.bootId !== ''
}

let knownBootId: string | undefined

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return knownBootId
}
