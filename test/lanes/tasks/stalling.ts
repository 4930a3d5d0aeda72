import { pbkdf2Sync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'
import { blockAt, type Gate, isOpen, openGate, passBy } from '../../support/gate.js'

export * from './elastic.js'

function deepInside(until: number): void {
  while (performance.now() < until);
}

/** A few frames, to be found in a stack. */
function deepAt(gate: Gate): void {
  while (!isOpen(gate));
}

/** Holds the loop until the gate is open, by JavaScript. */
export function holdAt(gate: Gate): void {
  passBy(gate)
  deepAt(gate)
}

/** Lets the loop go, and then holds it until the gate is open. */
export async function holdLaterAt(gate: Gate): Promise<string> {
  await sleep(1)
  passBy(gate)
  deepAt(gate)
  return 'kept'
}

/** Waits until the first gate is open, then holds the loop until the second is. */
export async function holdOnceAt(from: Gate, gate: Gate): Promise<void> {
  await waitAt(from)
  passBy(gate)
  deepAt(gate)
}

/** Ends, and leaves a timer behind that holds the loop until the gate is open. @param after milliseconds */
export function leaveBehind(gate: Gate, after: number): void {
  setTimeout(() => {
    passBy(gate)
    deepAt(gate)
  }, after)
}

/** Waits, by its loop, until the gate is open. */
export async function waitAt(gate: Gate): Promise<string> {
  passBy(gate)
  while (!isOpen(gate)) await sleep(1)
  return 'passed'
}

/** Keeps the loop busy for so many milliseconds, and lets it turn all the time. */
export async function turnFor(duration: number): Promise<void> {
  const until = performance.now() + duration
  while (performance.now() < until) await new Promise(setImmediate)
}

export async function sleepFor(duration: number): Promise<void> {
  await sleep(duration)
}

/** Holds the loop for so many milliseconds, by JavaScript. */
export function holdFor(duration: number): string {
  deepInside(performance.now() + duration)
  return 'kept'
}

/** Holds the loop from within Node until somebody ends it, or for half a minute. */
export function holdNatively(): void {
  pbkdf2Sync('password', 'salt', 4_000_000, 64, 'sha512')
}

/** Counts that it runs, then holds the loop until the gate is open. */
export function countAndBlock(runs: Int32Array, index: number, gate: Gate): number {
  Atomics.add(runs, index, 1)
  blockAt(gate)
  return index
}

/** Holds the loop until the gate is open, and then ends the thread. */
export function blockAndExit(gate: Gate): void {
  blockAt(gate)
  process.exit(7)
}

export function lengthOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}

/** What a look at the stack must leave as it was: microtasks wait, and stacks are as long as ever. */
export function lookedAt(gate: Gate): { readonly ran: number; readonly limit: number } {
  let ran = 0
  queueMicrotask(() => ran++)
  process.nextTick(() => ran++)
  Error.stackTraceLimit = 7
  deepAt(gate)
  return { ran, limit: Error.stackTraceLimit }
}

/** Passes a gate, and never lets the loop go. */
export function never(gate: Gate): never {
  passBy(gate)
  for (;;) deepInside(0)
}

/** Sends a task for each of the runs to another lane, and opens the gate when all have been run. */
export async function spread(lane: 'b', runs: Int32Array, gate: Gate): Promise<number> {
  const { lanes } = currentTask<typeof import('./stalling.js'), 'a' | 'b'>()
  const calls = Array.from({ length: runs.length }, (_, i) => lanes[lane].run('count', [runs, i, 0]))
  passBy(gate)
  const counted = await Promise.all(calls)
  openGate(gate)
  return new Set(counted).size
}

/** Submits a task to another lane that waits at the first gate, and holds the loop at the second. */
export function submitAndBlock(lane: 'b', gate: Gate, hold: Gate): string {
  const { lanes } = currentTask<typeof import('./stalling.js'), 'a' | 'b'>()
  lanes[lane].submit('wait', [gate])
  blockAt(hold)
  return 'passed'
}
