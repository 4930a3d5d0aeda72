import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'
import { type Gate, openGate, passBy } from '../../support/gate.js'

export * from './plain.js'

export function open(gate: Gate): void {
  openGate(gate)
}

/** Throws in each attempt before this one. */
export function succeedIn(attempt: number): number {
  if (currentTask().attempt < attempt) throw new RangeError(`not in attempt ${currentTask().attempt}`)
  return attempt
}

/** Ends its thread in each attempt before this one. */
export function surviveIn(attempt: number): number {
  if (currentTask().attempt < attempt) process.exit(7)
  return attempt
}

export async function later(ms: number, value: unknown): Promise<unknown> {
  await sleep(ms)
  return value
}

export function hold(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Says how many have come before it. */
export function count(gate: Gate): number {
  passBy(gate)
  return Atomics.load(gate, 0)
}

export function size(buffer: ArrayBuffer): number {
  return buffer.byteLength
}
