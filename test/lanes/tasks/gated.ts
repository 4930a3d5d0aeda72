import type { TaskHandle } from 'multilane/task'
import { blockAt, type Gate, openGate, waitAt } from '../../support/gate.js'

/** Holds its loop. */
export function hold(gate: Gate): void {
  blockAt(gate)
}

export async function waitWith(buffer: ArrayBuffer, gate: Gate): Promise<number> {
  await waitAt(gate)
  return buffer.byteLength
}

/** Opens what a task waits at as soon as that runs. */
export async function openOnceItRuns(task: TaskHandle, gate: Gate): Promise<void> {
  await task.wait({ for: 'RUNNING' })
  openGate(gate)
}
