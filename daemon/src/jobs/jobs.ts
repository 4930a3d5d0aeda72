import type {
  Acceptance,
  AcceptedJob,
  ClaimedJob,
  JobQuery,
  JobStore,
  Settlement,
} from '../store/job-store.js'
import type { Attempt } from './attempt.js'
import type { Clock } from './clock.js'
import { DurationHistory, REMEMBERED_RUNS } from './duration-history.js'
import { Estimator } from './estimator.js'
import { costOf, InputCheck } from './input-check.js'
import { type JobRecord, stateAt } from './job.js'
import type { JobDefinition } from './job-definition.js'
import { newJobId } from './job-id.js'
import {
  type Estimate,
  type Idempotency,
  type JobChange,
  type JobRequest,
  type JobService,
  JobServiceError,
  type JobView,
  type Submission,
} from './job-service.js'
import type { LaneRunner } from './lane-runner.js'

/** As the library's lanes have it. */
const MOST_URGENT = 1_000_000

export interface JobsOptions {
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly store: JobStore
  readonly clock: Clock
}

/** The jobs of one daemon: takes them in, knows of them, and hands each to the runner of its lane. */
export class Jobs implements JobService {
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly #store: JobStore
  readonly #clock: Clock
  readonly #check: InputCheck
  readonly #runners = new Map<string, LaneRunner>()
  readonly #listeners = new Set<(change: JobChange) => void>()
  readonly #history = new DurationHistory()
  readonly #estimator: Estimator
  readonly #accepting = new Set<Promise<Acceptance>>()
  #closing = false

  constructor({ definitions, store, clock }: JobsOptions) {
    this.definitions = definitions
    this.#store = store
    this.#clock = clock
    this.#check = new InputCheck(definitions.values())
    this.#estimator = new Estimator({
      definitions,
      store,
      clock,
      history: this.#history,
      runners: this.#runners,
    })
  }

  /** Learns from the past, and which lanes there are. It takes jobs from then on; none runs before `start`. */
  async prepare(runners: readonly LaneRunner[]): Promise<void> {
    const past = await this.#store.durations(REMEMBERED_RUNS)
    for (const run of past.toReversed()) this.#history.note(run)
    for (const runner of runners) this.#runners.set(runner.name, runner)
  }

  /** Begins to run jobs. @param crashed whether the daemon before this one died with jobs in its hands */
  start(crashed: boolean): void {
    const suspectsUntil = crashed ? this.#clock.now() : undefined
    for (const runner of this.#runners.values()) runner.start(suspectsUntil)
  }

  /** Takes no more jobs. What waits is left to the next daemon; what runs, runs on. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(Array.from(this.#runners.values(), runner => runner.stop()))
    // What is accepted as claimed meanwhile has to be given back.
    await Promise.allSettled(this.#accepting)
  }

  async submit(requests: readonly JobRequest[], idempotency?: Idempotency): Promise<Submission> {
    if (this.#closing) throw new JobServiceError('ERR_SHUTTING_DOWN', 'the daemon is shutting down')
    if (requests.length === 0) return { jobs: [], repeated: false }
    const now = this.#clock.now()
    const inputs = requests.map(request => this.#read(request, now))
    const reserved = this.#reserve(inputs, now)
    const accepting = this.#store.accept(reserved, idempotency)
    this.#accepting.add(accepting)
    try {
      const acceptance = await accepting
      if (acceptance.kind === 'accepted') {
        const jobs = reserved.map((job, index) => this.#begin(job, acceptance.sequences[index]!))
        return { jobs, repeated: false }
      }
      this.#unreserve(reserved)
      if (acceptance.kind === 'repeated') return this.#earlier(acceptance.ids)
    } catch (error) {
      this.#unreserve(reserved)
      throw error
    } finally {
      this.#accepting.delete(accepting)
    }
    throw new JobServiceError('ERR_KEY_REUSED', 'this idempotency key was used for another request')
  }

  async get(id: string): Promise<JobView | undefined> {
    const attempt = this.#attempt(id)
    const job = attempt?.job ?? (await this.#store.get(id))
    return job === undefined ? undefined : this.#view(job)
  }

  async list(query: Omit<JobQuery, 'now'>): ReturnType<JobService['list']> {
    const page = await this.#store.list({ ...query, now: this.#clock.now() })
    return { ...page, jobs: page.jobs.map(job => this.#view(job)) }
  }

  async cancel(id: string, reason = 'cancelled on request'): ReturnType<JobService['cancel']> {
    for (;;) {
      const own = await this.#runnerOf(id)?.cancel(id, reason)
      if (own === 'cancelled' || own === 'cancelling') return own
      // After an attempt that has ended, the job may be finished or wait for another one.
      const outcome = await this.#store.cancel(id, this.#clock.now())
      if (outcome !== 'claimed') return outcome
      // It was claimed between the two looks, by this daemon's own feed, whose answer has come by now.
      if (this.#runnerOf(id) === undefined) return 'finished'
    }
  }

  async retry(id: string): ReturnType<JobService['retry']> {
    // Until its end is known to be recorded, the recording may be repeated, and would end the new attempt.
    if (this.#runnerOf(id) !== undefined) return 'unfinished'
    if (this.#closing) throw new JobServiceError('ERR_SHUTTING_DOWN', 'the daemon is shutting down')
    const now = this.#clock.now()
    const outcome = await this.#store.retry(id, now)
    if (outcome === 'waiting') {
      const job = await this.#store.get(id)
      if (job !== undefined) this.#runners.get(job.lane)?.feed.notify(now)
    }
    return outcome
  }

  result(id: string): Promise<string | null | undefined> {
    return this.#store.result(id)
  }

  async logTail(id: string): Promise<string | undefined> {
    const attempt = this.#attempt(id)
    return attempt === undefined ? this.#store.log(id) : attempt.tail
  }

  estimate(job: JobView): Promise<Estimate> {
    return this.#estimator.estimate(job)
  }

  async probe(): Promise<void> {
    if (this.#closing) throw new JobServiceError('ERR_SHUTTING_DOWN', 'the daemon is shutting down')
    for (const { failed, name } of this.#runners.values()) {
      if (failed) throw new Error(`lane ${name} has failed for good`)
    }
    await this.#store.probe()
  }

  onChange(listener: (change: JobChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** An attempt has begun: for the lane runners to tell. */
  started(attempt: Attempt): void {
    const at = attempt.startedAt ?? this.#clock.now()
    this.#publish({ kind: 'started', job: this.#view(attempt.job), at })
  }

  /** The end of an attempt is recorded: for the lane runners to tell. */
  settled(job: ClaimedJob, startedAt: number | null, end: Settlement): void {
    const { attempt } = end
    if (end.kind === 'again') {
      const waiting = { ...job, attempt, startedAt, dueAt: end.dueAt, error: end.error }
      this.#publish({ kind: 'retrying', job: { ...waiting, state: 'scheduled' }, at: this.#clock.now() })
      return
    }
    const { finishedAt } = end
    if (end.kind === 'succeeded' && startedAt !== null) {
      this.#history.note({ name: job.name, duration: finishedAt - startedAt, cost: job.cost })
    }
    const error = end.kind === 'succeeded' ? null : end.error
    const finished: JobView = { ...job, attempt, startedAt, finishedAt, error, state: end.kind }
    this.#publish({ kind: 'finished', job: finished, at: finishedAt })
  }

  #publish(change: JobChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #read(request: JobRequest, now: number): Omit<AcceptedJob, 'claimed'> {
    const { name, source, input } = request
    const definition = this.definitions.get(name)
    if (definition === undefined) throw new JobServiceError('ERR_JOB_UNKNOWN', `no job is called '${name}'`)
    const lane = request.lane ?? definition.lane
    if (!this.#runners.has(lane)) {
      const lanes = [...this.#runners.keys()].join(', ')
      throw new JobServiceError('ERR_LANE_UNKNOWN', `no lane is called '${lane}': there are ${lanes}`)
    }
    const { priority = definition.priority, dueAt = now } = request
    if (!Number.isInteger(priority) || priority < 0 || priority > MOST_URGENT) {
      throw new JobServiceError(
        'ERR_JOB_TERMS',
        `priority ${priority} is no integer from 0 to ${MOST_URGENT}`,
      )
    }
    if (Number.isNaN(new Date(dueAt).getTime()))
      throw new JobServiceError('ERR_JOB_TERMS', `dueAt ${dueAt} is no instant`)
    const problem = this.#check.problem(name, input)
    if (problem !== undefined) throw new JobServiceError('ERR_JOB_INPUT', problem)
    return {
      id: newJobId(now),
      name,
      lane,
      source,
      priority,
      input: input === undefined ? null : JSON.stringify(input),
      cost: costOf(definition, input),
      acceptedAt: now,
      dueAt: Math.max(now, dueAt),
    }
  }

  /** Jobs that can start now are accepted as claimed, as far as their lane has room for them. */
  #reserve(jobs: readonly Omit<AcceptedJob, 'claimed'>[], now: number): AcceptedJob[] {
    const due = new Map<string, number>()
    for (const { lane, dueAt } of jobs) if (dueAt <= now) due.set(lane, (due.get(lane) ?? 0) + 1)
    const room = new Map<string, number>()
    for (const [lane, count] of due) room.set(lane, this.#runners.get(lane)!.feed.reserve(count))
    return jobs.map(job => {
      const left = job.dueAt <= now ? (room.get(job.lane) ?? 0) : 0
      if (left > 0) room.set(job.lane, left - 1)
      return { ...job, claimed: left > 0 }
    })
  }

  #unreserve(jobs: readonly AcceptedJob[]): void {
    for (const { claimed, lane } of jobs) if (claimed) this.#runners.get(lane)!.feed.finished()
  }

  #begin(job: AcceptedJob, sequence: number): JobView {
    const runner = this.#runners.get(job.lane)!
    const { claimed, ...accepted } = job
    const record: ClaimedJob = {
      ...accepted,
      sequence,
      state: 'waiting',
      attempt: 0,
      interruptions: 0,
      scheduledAt: job.dueAt,
      startedAt: null,
      finishedAt: null,
      error: null,
    }
    if (claimed) runner.run(record)
    else runner.feed.notify(job.dueAt)
    return this.#view(record)
  }

  async #earlier(ids: readonly string[]): Promise<Submission> {
    const views = await Promise.all(ids.map(id => this.get(id)))
    const jobs = views.filter(view => view !== undefined)
    if (jobs.length === ids.length) return { jobs, repeated: true }
    const message = 'the jobs of this idempotency key have ended and are forgotten: use a new key'
    throw new JobServiceError('ERR_KEY_EXPIRED', message)
  }

  #attempt(id: string): Attempt | undefined {
    return this.#runnerOf(id)?.attempt(id)
  }

  #runnerOf(id: string): LaneRunner | undefined {
    for (const runner of this.#runners.values()) if (runner.attempt(id) !== undefined) return runner
    return undefined
  }

  /** What is kept of a job, overlaid with what only this daemon knows yet. */
  #view(job: JobRecord): JobView {
    const attempt = this.#runners.get(job.lane)?.attempt(job.id)
    if (attempt === undefined || attempt.startedAt === null)
      return { ...job, state: stateAt(job, this.#clock.now()) }
    const { number, startedAt } = attempt
    return { ...job, attempt: number, startedAt, state: 'running' }
  }
}
