import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask } from 'multilane/task'
import { blockAt, type Gate, passBy, waitAt } from '../../support/gate.js'

export function echo(value: unknown): unknown {
  return value
}

export async function echoLater(value: unknown): Promise<unknown> {
  await sleep(1)
  return value
}

export function thread(): number {
  return threadId
}

/** Leaves a mark, so that a test can see whether it ran. */
export function mark(gate: Gate): void {
  passBy(gate)
}

export function block(gate: Gate): string {
  blockAt(gate)
  return 'passed'
}

/** Waits, whatever becomes of its signal, and tells which attempt it was. */
export async function wait(gate: Gate): Promise<number> {
  await waitAt(gate)
  return currentTask().attempt
}
