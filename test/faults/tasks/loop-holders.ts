import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask } from 'multilane/task'
import { type Gate, passBy } from '../../support/gate.js'

export * from './plain.js'

/** Counts the threads: it comes to the gate once for each. */
export function setup(starts: Gate | undefined): void {
  if (starts !== undefined) passBy(starts)
}

export function spin(gate: Gate): never {
  passBy(gate)
  for (;;);
}

/** Holds the loop not in its first stretch but in a later one. */
export async function spinLater(gate: Gate): Promise<never> {
  await sleep(1)
  passBy(gate)
  for (;;);
}

/** Waits, and holds the loop when it is not wanted any more: in what follows its abort, or a moment later. */
export async function spinOnAbort(gate: Gate, after: number): Promise<never> {
  const { signal } = currentTask()
  passBy(gate)
  try {
    await sleep(100_000, undefined, { signal })
  } catch {
    if (after > 0) await sleep(after)
  }
  for (;;);
}

/** A synchronous loop that looks whether it is still wanted. */
export function spinUntilCancelled(gate: Gate, lastThread: Int32Array): void {
  passBy(gate)
  const task = currentTask()
  while (!task.cancelled);
  Atomics.store(lastThread, 0, threadId)
}
