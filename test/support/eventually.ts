import { setTimeout as sleep } from 'node:timers/promises'

const BOUND_MS = 15_000

/** Looks again and again until it is so. The bound is there only so that a test fails rather than hangs. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + BOUND_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`still not so: ${what}`)
    await sleep(2)
  }
}
