/** Never lets its thread be blocked for good, should the one who is to open the gate be gone. */
const LONGEST_MS = 10_000

/** Holds the event loop with a synchronous loop, as a runaway task does, until the gate opens. */
export function block(gate: Int32Array): void {
  const start = performance.now()
  while (Atomics.load(gate, 0) === 0 && performance.now() - start < LONGEST_MS);
}

export function neverStarted(): void {
  throw new Error('a cancelled task was started')
}

/** Done at once. */
export function pass(): void {}
