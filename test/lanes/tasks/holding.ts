import { setTimeout as sleep } from 'node:timers/promises'
import { type Gate, passBy } from '../../support/gate.js'

export * from './plain.js'

function holdFor(duration: number): void {
  const end = performance.now() + duration
  while (performance.now() < end);
}

/** Holds the loop for so many milliseconds. */
export function hold(duration: number): void {
  holdFor(duration)
}

/** Passes the gate, then holds the loop. */
export function markAndHold(gate: Gate, duration: number): void {
  passBy(gate)
  holdFor(duration)
}

/** Lets the loop turn, then holds it. */
export async function holdLater(duration: number): Promise<void> {
  await sleep(1)
  holdFor(duration)
}

/** Waits for so many milliseconds with the loop free. */
export async function rest(duration: number): Promise<void> {
  await sleep(duration)
}

export function holdAndThrow(duration: number): never {
  holdFor(duration)
  throw new RangeError('planted')
}

export function exit(code: number): void {
  process.exit(code)
}
