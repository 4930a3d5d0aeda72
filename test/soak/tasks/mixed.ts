import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask } from 'multilane/task'
import { usedHeap } from '../used-heap.js'

export * from './nested.js'

export function echo(value: unknown): unknown {
  return value
}

/** Keeps the loop busy for so many milliseconds, unless it is cancelled. */
export function compute(ms: number): number {
  const task = currentTask()
  const end = performance.now() + ms
  let rounds = 0
  while (performance.now() < end && !task.cancelled) rounds++
  return rounds
}

export async function wait(ms: number): Promise<number> {
  await sleep(ms, undefined, { signal: currentTask().signal })
  return ms
}

/** Waits on, whatever its signal says. */
export async function waitOn(ms: number): Promise<number> {
  await sleep(ms)
  return ms
}

/** Fails until the given attempt. */
export function failBefore(attempt: number): number {
  if (currentTask().attempt < attempt) throw new RangeError(`attempt ${currentTask().attempt}`)
  return attempt
}

export function fill(buffer: ArrayBuffer): ArrayBuffer {
  new Uint8Array(buffer).fill(1)
  return buffer
}

export function notCloneable(): () => void {
  return () => {}
}

export function exit(code: number): never {
  process.exit(code)
}

/** Holds the loop for so many milliseconds, whatever is decided against it. */
export function hold(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Runs out of memory. */
export function exhaust(): number {
  const kept: number[][] = []
  for (;;) kept.push(new Array(100_000).fill(kept.length))
}

/** By which the process tells its threads apart. */
export function ownThreadId(): number {
  return threadId
}

/** The heap in use on this thread after a full collection, in bytes. */
export function heap(): number {
  return usedHeap()
}
