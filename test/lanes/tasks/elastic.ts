export * from './plain.js'

/** What a test gives its lane, and looks at afterwards. */
export interface ElasticLog {
  /** How often setup was begun, and how often teardown. */
  readonly counts: Int32Array
  /** How many threads can be set up before it fails. */
  readonly setups?: number
  readonly teardown?: 'ends' | 'throws' | 'exits' | 'hangs'
}

let seen: ElasticLog | undefined

export function setup(log: ElasticLog): void {
  seen = log
  if (Atomics.add(log.counts, 0, 1) >= (log.setups ?? Number.POSITIVE_INFINITY)) {
    throw new Error('no more threads can be set up')
  }
}

export async function teardown(): Promise<void> {
  if (seen === undefined) return
  Atomics.add(seen.counts, 1, 1)
  if (seen.teardown === 'throws') throw new RangeError('from teardown')
  if (seen.teardown === 'exits') process.exit(3)
  if (seen.teardown === 'hangs') await new Promise(() => {})
}

/** Counts that it ran, and holds the loop for so many milliseconds. */
export function count(runs: Int32Array, index: number, duration: number): number {
  Atomics.add(runs, index, 1)
  const until = performance.now() + duration
  while (performance.now() < until);
  return index
}
