import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'
import { type Gate, passBy } from '../../support/gate.js'

export * from './plain.js'

export interface Seen {
  readonly id: number
  readonly name: string
  readonly lane: string
  readonly deadline: number | undefined
  readonly attempt: number
  readonly cancelled: boolean
  readonly aborted: boolean
}

function look(): Seen {
  const { id, name, lane, deadline, attempt, cancelled, signal } = currentTask()
  return { id, name, lane, deadline, attempt, cancelled, aborted: signal.aborted }
}

export function lookOnce(): Seen {
  return look()
}

/** Looks at the start, after an await, in a timer, and after it gave the loop a turn. */
export async function lookOften(): Promise<readonly Seen[]> {
  const seen = [look()]
  await sleep(1)
  seen.push(look())
  await new Promise<void>(resolve => {
    setTimeout(() => {
      seen.push(look())
      resolve()
    }, 1)
  })
  await currentTask().yield()
  seen.push(look())
  return seen
}

const SIGNALS: AbortSignal[] = []

/** Waits for its own abort, and tells main what it saw through shared memory: its outcome is decided already. */
export async function untilAborted(gate: Gate): Promise<void> {
  const task = currentTask()
  SIGNALS.push(task.signal)
  passBy(gate)
  await new Promise(resolve => task.signal.addEventListener('abort', resolve))
  if (task.cancelled) passBy(gate)
}

/** What the signals of the tasks so far carry: the reason itself, or the code and message of an error. */
export function reasons(): readonly unknown[] {
  return SIGNALS.map(({ reason }) => (reason instanceof Error ? [reason.name, reason.message] : reason))
}

/** Asks for its signal only after it was aborted. */
export async function lateSignal(gate: Gate): Promise<void> {
  const task = currentTask()
  passBy(gate)
  while (!task.cancelled) await sleep(1)
  await sleep(20)
  if (task.signal.aborted) passBy(gate)
}

const outside: { thrown?: unknown } = {}

/** When the module is loaded no task runs. */
try {
  currentTask()
} catch (error) {
  outside.thrown = error
}

export function whatWasThrown(): unknown {
  return outside.thrown
}
