import type { JobStore, QueueStretch } from '../store/job-store.js'
import type { Clock } from './clock.js'
import { forecastCompletion, type LaneOutlook } from './completion-forecast.js'
import type { DurationHistory } from './duration-history.js'
import { isFinal } from './job.js'
import type { JobDefinition } from './job-definition.js'
import type { Estimate, JobView } from './job-service.js'
import type { LaneRunner } from './lane-runner.js'

/** A queue's profile costs a walk through it, so many polls share one. */
const FRESH_MS = 1000
const UNKNOWN_JOB_MS = 1000

export interface EstimatorOptions {
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly store: Pick<JobStore, 'profile'>
  readonly clock: Clock
  readonly history: DurationHistory
  readonly runners: ReadonlyMap<string, LaneRunner>
}

interface Profile {
  readonly takenAt: number
  readonly stretches: Promise<readonly QueueStretch[]>
}

/** Tells when jobs are likely to be done, from how long their like took and what is ahead of them. */
export class Estimator {
  readonly #options: EstimatorOptions
  readonly #profiles = new Map<string, Profile>()

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
    const outlook = await this.#outlook(job)
    const now = clock.now()
    const startedAt = job.state === 'running' ? job.startedAt : null
    const doneAt = forecastCompletion({ ...job, startedAt }, outlook, { history, expected }, now)
    return { doneAt, secondsLeft: Math.max(0, (doneAt - now) / 1000) }
  }

  async #outlook(job: JobView): Promise<LaneOutlook> {
    const runner = this.#options.runners.get(job.lane)
    const running = []
    for (const attempt of runner?.attempts ?? []) {
      const { startedAt } = attempt
      if (startedAt !== null) running.push({ name: attempt.job.name, cost: attempt.job.cost, startedAt })
    }
    const waiting = job.state === 'running' ? [] : await this.#profile(job.lane)
    return { parallelism: runner?.parallelism.value ?? 1, running, waiting }
  }

  #profile(lane: string): Promise<readonly QueueStretch[]> {
    const { clock, store } = this.#options
    const now = clock.now()
    const known = this.#profiles.get(lane)
    if (known !== undefined && now - known.takenAt < FRESH_MS) return known.stretches
    const stretches = store.profile(lane, now)
    this.#profiles.set(lane, { takenAt: now, stretches })
    stretches.catch(() => this.#profiles.delete(lane))
    return stretches
  }
}
