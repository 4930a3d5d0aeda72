import { setTimeout as sleep } from 'node:timers/promises'
import { type Gate, passBy } from '../../support/gate.js'

const gates: Gate[] = []

export function setup(gate: Gate): void {
  gates.push(gate)
}

/** Comes to the gate only at its end. */
export async function teardown(): Promise<void> {
  await sleep(400)
  for (const gate of gates) passBy(gate)
}
