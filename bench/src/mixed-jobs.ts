import { iterationsFor } from './pbkdf2-work.js'
import type { DaemonSetup, Submission } from './subjects/daemon.js'

/** Lanes of one and two threads that compute, and one that only waits. */
export const MIXED_SETUP: DaemonSetup = {
  lanes: {
    single: { priority: 'background', threads: 1 },
    pair: { priority: 'background', threads: 2 },
    waits: { priority: 'user-visible', threads: 1, concurrency: 4 },
  },
  // What is expected is off by a factor, as a guess is.
  jobs: {
    short: { task: './daemon-jobs.js#burn', lane: 'single', expected: '50ms' },
    long: { task: './daemon-jobs.js#burn', lane: 'single', expected: '100ms' },
    shortOnPair: { task: './daemon-jobs.js#burn', lane: 'pair', expected: '50ms' },
    longOnPair: { task: './daemon-jobs.js#burn', lane: 'pair', expected: '100ms' },
    rest: { task: './daemon-jobs.js#rest', lane: 'waits', expected: '500ms', cost: 'valor' },
  },
}

/** Milliseconds of processor time; each job takes up to so much of it more or less. */
const SHORT_MS = 20
const LONG_MS = 150
const SPREAD = 0.3
const LONGEST_REST_S = 0.4

/** Jobs of all kinds in an order of their own, the same for the same random numbers. @param scale 1 for a few seconds' work */
export function mixedJobs(scale: number, random: () => number): Submission[] {
  const perMs = iterationsFor(10) / 10
  const about = (milliseconds: number): { iterations: number } => ({
    iterations: Math.round(perMs * milliseconds * (1 + SPREAD * (2 * random() - 1))),
  })
  const times = (count: number, make: () => Submission): Submission[] =>
    Array.from({ length: Math.round(count * scale) }, make)
  const jobs = [
    ...times(40, () => ({ name: 'short', input: about(SHORT_MS) })),
    ...times(15, () => ({ name: 'long', input: about(LONG_MS) })),
    ...times(40, () => ({ name: 'shortOnPair', input: about(SHORT_MS) })),
    ...times(20, () => ({ name: 'longOnPair', input: about(LONG_MS) })),
    ...times(80, () => ({ name: 'rest', input: { valor: 0.05 + random() * (LONGEST_REST_S - 0.05) } })),
  ]
  return jobs
    .map(job => ({ job, turn: random() }))
    .sort((one, other) => one.turn - other.turn)
    .map(({ job }) => job)
}
