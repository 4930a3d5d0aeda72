import { setTimeout as sleep } from 'node:timers/promises'
import { type Gate, passBy } from '../../support/gate.js'

export * from './plain.js'

export function exit(code: number): void {
  process.exit(code)
}

export async function exitLater(code: number): Promise<void> {
  await sleep(2)
  process.exit(code)
}

export function exhaustHeap(): number {
  const kept: number[][] = []
  for (;;) kept.push([kept.length, 1, 2, 3])
}

export function overflow(): number {
  return overflow() + 1
}

/** Leaves so much behind that the thread is long about its exit, after its ports have closed. */
export function exitSlowly(code: number): void {
  const buffers = Array.from({ length: 300_000 }, () => new ArrayBuffer(64))
  process.exit(buffers.length > 0 ? code : 0)
}

/** Kills its thread each time it is tried. */
export function markAndExit(gate: Gate): void {
  passBy(gate)
  process.exit(3)
}
