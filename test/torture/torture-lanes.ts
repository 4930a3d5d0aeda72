import type { LaneOptions, SchedulerThread } from 'multilane'
import type * as torture from './tasks/torture.js'

export const tortureTasks = new URL('./tasks/torture.js', import.meta.url)

export type TortureScheduler = SchedulerThread<typeof torture, TortureLane>

/** Enough for any number of deaths within an episode, and one that is soon spent. */
const GENEROUS = { max: 100_000, within: 1_000 }
export const FRAGILE_MAX = 2

const PATIENT = { startTimeout: 120_000, stallAfter: 60 }
const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 }

export const TORTURE_LANES = {
  urgent: { ...PATIENT, priority: 'user-blocking', grace: 2_000 },
  // On a busy machine a task may well not have had a core for a short grace.
  calm: { ...PATIENT, concurrency: 8, grace: 2_000, queue: { limit: 60 } },
  doomed: {
    ...PATIENT,
    resourceLimits,
    threads: 2,
    concurrency: 4,
    restart: GENEROUS,
  },
  elastic: {
    ...PATIENT,
    resourceLimits,
    threads: { min: 1, max: 3, idleTimeout: 30 },
    concurrency: 2,
    restart: GENEROUS,
    queue: { limit: 30, overload: 'wait' },
  },
  shedding: {
    ...PATIENT,
    resourceLimits,
    priority: 'background',
    restart: GENEROUS,
    queue: { limit: 20, overload: 'drop-oldest' },
  },
  relay: { ...PATIENT, concurrency: 4, grace: 5_000, onStall: 'replace', restart: GENEROUS },
  strict: { ...PATIENT, concurrency: 4, stallAfter: 200, onStall: 'terminate', restart: GENEROUS },
  relief: { ...PATIENT, resourceLimits, concurrency: 4, onStall: 'replace', restart: GENEROUS },
  fragile: { ...PATIENT, threads: 2, concurrency: 4, restart: { max: FRAGILE_MAX, within: 600_000 } },
} as const satisfies Record<string, LaneOptions>

export type TortureLane = keyof typeof TORTURE_LANES

/** The lanes on which nothing ever ends a thread. */
export const PEACEFUL: readonly TortureLane[] = ['urgent', 'calm', 'relay']
export const CALLBACKS = {
  submit: 'onSubmit',
  start: 'onStart',
  done: 'onDone',
  error: 'onError',
  timeout: 'onTimeout',
  cancel: 'onCancel',
} as const

export const LANE_NAMES = Object.keys(TORTURE_LANES) as readonly TortureLane[]
