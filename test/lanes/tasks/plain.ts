import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask } from 'multilane/task'
import { blockAt, type Gate, passBy, waitAt } from '../../support/gate.js'

export { blockAt as hold } from '../../support/gate.js'
export { give, note, waitBriefly, waitFor, waitForGiven } from './deadlocking.js'

export function echo(value: unknown): unknown {
  return value
}

export async function echoLater(value: number): Promise<number> {
  // The greater, the sooner: answers come in another order than their tasks.
  await sleep(Math.max(0, 20 - value))
  return value
}

export function thread(): number {
  return threadId
}

export function mark(gate: Gate): void {
  passBy(gate)
}

export function block(gate: Gate): string {
  blockAt(gate)
  return 'passed'
}

/** Fails until it has been tried so often. */
export function tryUntil(attempt: number): number {
  const present = currentTask().attempt
  if (present < attempt) throw new RangeError(`attempt ${present}`)
  return present
}

export async function wait(gate: Gate): Promise<number> {
  await waitAt(gate)
  return currentTask().attempt
}

export function spin(gate: Gate): never {
  passBy(gate)
  for (;;);
}

export function fail(message: string): never {
  throw new RangeError(message)
}

export function failIf(value: number): number {
  if (value < 0) throw new RangeError(`${value}`)
  return value
}

const noted: unknown[] = []

/** Ends when it is aborted. */
export async function noteReason(): Promise<void> {
  const { signal } = currentTask()
  await new Promise(resolve => signal.addEventListener('abort', resolve))
  noted.push(signal.reason)
}

/** What the tasks before it were aborted for: the message and the field of an error, anything else as it is. */
export function notedReasons(): readonly unknown[] {
  return noted.map(reason =>
    reason instanceof Error ? [reason.message, (reason as { field?: unknown }).field] : reason,
  )
}
