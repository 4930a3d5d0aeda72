import type { JobStore, QueueStretch } from '../store/job-store.js'
import type { Clock } from './clock.js'
import { forecastCompletion, type LaneOutlook } from './completion-forecast.js'
import type { DurationHistory } from './duration-history.js'
import { isFinal } from './job.js'
import type { JobDefinition } from './job-definition.js'
import type { Estimate, JobView } from './job-service.js'
import type { LaneRunner } from './lane-runner.js'

/**
 * The outlook on a lane costs a walk through its queue, so many polls share one: for as long as makes it cost a
 * twentieth of the time at the most.
 */
const FRESH_FOR_COSTS = 20
const FRESH_MS = 50
const UNKNOWN_JOB_MS = 1000

export interface EstimatorOptions {
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly store: Pick<JobStore, 'profile'>
  readonly clock: Clock
  readonly history: DurationHistory
  readonly runners: ReadonlyMap<string, LaneRunner>
}

/** A lane as it was at an instant: what runs and what waits must be of the same one, or jobs count twice or not at all. */
interface Snapshot {
  readonly takenAt: number
  readonly outlook: Promise<LaneOutlook>
  /** Not known before it is there. */
  staleAt: number
}

/** Tells when jobs are likely to be done, from how long their like took and what is ahead of them. */
export class Estimator {
  readonly #options: EstimatorOptions
  readonly #snapshots = new Map<string, Snapshot>()

  constructor(options: EstimatorOptions) {
    this.#options = options
  }

  /**
   * @returns for a finished job, when it was
   * @throws StoreError
   */
  async estimate(job: JobView): Promise<Estimate> {
    const { clock, definitions, history } = this.#options
    if (isFinal(job.state)) return { doneAt: job.finishedAt ?? clock.now(), secondsLeft: 0 }
    const expected = (name: string) => definitions.get(name)?.expected ?? UNKNOWN_JOB_MS
    const { takenAt, outlook } = this.#snapshot(job.lane)
    const startedAt = job.state === 'running' ? job.startedAt : null
    // Of what runs, the present is known; of what waits, only what it was.
    const asOf = startedAt === null ? takenAt : clock.now()
    const doneAt = forecastCompletion({ ...job, startedAt }, await outlook, { history, expected }, asOf)
    const now = clock.now()
    return { doneAt: Math.max(now, doneAt), secondsLeft: Math.max(0, (doneAt - now) / 1000) }
  }

  #snapshot(lane: string): Snapshot {
    const { clock } = this.#options
    const takenAt = clock.now()
    const known = this.#snapshots.get(lane)
    if (known !== undefined && takenAt < known.staleAt) return known
    const outlook = this.#look(lane, takenAt)
    const snapshot: Snapshot = { takenAt, outlook, staleAt: Number.POSITIVE_INFINITY }
    this.#snapshots.set(lane, snapshot)
    outlook.then(
      () => {
        const cost = clock.now() - takenAt
        snapshot.staleAt = takenAt + Math.max(FRESH_MS, cost * FRESH_FOR_COSTS)
      },
      () => this.#snapshots.delete(lane),
    )
    return snapshot
  }

  async #look(lane: string, now: number): Promise<LaneOutlook> {
    const runner = this.#options.runners.get(lane)
    const running = []
    const claimed: QueueStretch[] = []
    for (const { job, startedAt } of runner?.attempts ?? []) {
      const { name, cost, priority, sequence } = job
      if (startedAt !== null) running.push({ name, cost, startedAt })
      else claimed.push({ name, cost, priority, count: 1, firstSequence: sequence, lastSequence: sequence })
    }
    const parallelism = runner?.parallelism.value ?? 1
    const unclaimed = await this.#options.store.profile(lane, now)
    return { parallelism, running, waiting: [...claimed, ...unclaimed] }
  }
}
