import { currentTask } from 'multilane/task'
import { arrivals, type Gate, passBy } from '../../support/gate.js'

export * from './plain.js'

/** The attempts of a task, and the order of all that write down their numbers. */
export type Ledger = Int32Array

export function newLedger(size = 65_536): Ledger {
  return new Int32Array(new SharedArrayBuffer(4 * size))
}

/** What was written, in its order. */
export function written(ledger: Ledger): number[] {
  return [...ledger.subarray(1, 1 + Atomics.load(ledger, 0))]
}

/** Writes its number down. */
export function write(ledger: Ledger, value: number): number {
  Atomics.store(ledger, 1 + Atomics.add(ledger, 0, 1), value)
  return value
}

/** Holds the loop for so many milliseconds and writes its number down. */
export function writeSlowly(ledger: Ledger, value: number, time: number): number {
  const end = performance.now() + time
  while (performance.now() < end);
  return write(ledger, value)
}

/** Writes down the attempt, and fails as long as there have not been so many. */
export function failUntil(ledger: Ledger, attempts: number): number {
  const { attempt } = currentTask()
  write(ledger, attempt)
  if (attempt < attempts) throw new RangeError(`attempt ${attempt}`)
  return attempt
}

/** Two numbers of one gate at a time: how many were in at once, at most, stands in the second. */
export async function alone(inside: Gate): Promise<number> {
  passBy(inside)
  const count = arrivals(inside)
  await new Promise(resolve => setTimeout(resolve, 2))
  Atomics.sub(inside, 0, 1)
  return count
}
