/** Never lets its thread be held for good, should the one who is to open the gate be gone. */
const LONGEST_MS = 120_000

/** Holds the event loop until the gate opens, at no cost of processor time. */
export function hold(gate: Int32Array): void {
  Atomics.wait(gate, 0, 0, LONGEST_MS)
}

export function nothing(): void {}

export function take(_value: number): void {}
