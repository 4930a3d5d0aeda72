import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from './eventually.js'

/**
 * A place where tasks are held until their test lets them go: shared memory, so that it works while a loop is blocked.
 */
export type Gate = Int32Array

const ENTERED = 0
const OPEN = 1
const BOUND_MS = 30_000

export function newGate(): Gate {
  return new Int32Array(new SharedArrayBuffer(8))
}

export function openGate(gate: Gate): void {
  Atomics.store(gate, OPEN, 1)
  Atomics.notify(gate, OPEN)
}

export function isOpen(gate: Gate): boolean {
  return Atomics.load(gate, OPEN) === 1
}

/** How many tasks have come to the gate. */
export function arrivals(gate: Gate): number {
  return Atomics.load(gate, ENTERED)
}

/** Resolves when so many tasks have come to the gate. */
export function arrived(gate: Gate, count = 1): Promise<void> {
  return eventually(`${count} at the gate`, () => arrivals(gate) >= count)
}

/** For tasks: to have come, without waiting. @returns how many had come before */
export function passBy(gate: Gate): number {
  const before = Atomics.add(gate, ENTERED, 1)
  Atomics.notify(gate, ENTERED)
  return before
}

/** For tasks: to hold the loop until the gate is open. */
export function blockAt(gate: Gate): void {
  passBy(gate)
  Atomics.wait(gate, OPEN, 0, BOUND_MS)
}

/** For tasks: to wait, with the loop free, until the gate is open. */
export async function waitAt(gate: Gate): Promise<void> {
  passBy(gate)
  while (!isOpen(gate)) await sleep(2)
}
