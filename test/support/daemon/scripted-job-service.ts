import { randomUUID } from 'node:crypto'
import { Ajv } from 'ajv'
import { LATEST_FORECAST } from '#daemon/jobs/completion-forecast.js'
import {
  type FinalState,
  isFinal,
  type JobError,
  type JobRecord,
  type StoredState,
  stateAt,
} from '#daemon/jobs/job.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import {
  type Estimate,
  type Idempotency,
  type JobChange,
  type JobRequest,
  type JobService,
  JobServiceError,
  type JobView,
  type Submission,
} from '#daemon/jobs/job-service.js'
import type { JobPage, JobQuery } from '#daemon/store/job-store.js'

interface ScriptedJob {
  record: JobRecord
  readonly input: string | null
  result: string | null
  log: string
}

export interface ScriptedJobServiceOptions {
  readonly jobs: Iterable<JobDefinition>
  /** Default: those of the jobs, and urgent, normal and bulk. */
  readonly lanes?: Iterable<string>
  /** Epoch milliseconds. Default: the real time. */
  readonly now?: () => number
}

/**
 * A job service in memory that runs nothing: the test moves each job through its states by hand, with `start`,
 * `succeed`, `fail`, `timeOut`, `stop` and `retryLater`, each of which tells the listeners as the real one does.
 */
export class ScriptedJobService implements JobService {
  readonly definitions: ReadonlyMap<string, JobDefinition>
  /** Every call of the service rejects with it while it is set. */
  trouble: Error | undefined
  /** What `estimate` answers for a job that is not finished. */
  estimated: Estimate | undefined

  readonly #lanes: ReadonlySet<string>
  readonly #now: () => number
  readonly #jobs = new Map<string, ScriptedJob>()
  readonly #keys = new Map<string, { readonly fingerprint: string; readonly ids: readonly string[] }>()
  readonly #listeners = new Set<(change: JobChange) => void>()
  readonly #ajv = new Ajv()
  #sequence = 0

  constructor(options: ScriptedJobServiceOptions) {
    this.definitions = new Map(Array.from(options.jobs, job => [job.name, job]))
    const lanes = [...this.definitions.values()].map(job => job.lane)
    this.#lanes = new Set(options.lanes ?? [...lanes, 'urgent', 'normal', 'bulk'])
    this.#now = options.now ?? Date.now
  }

  /** The ids of all jobs that were accepted and not forgotten, in order of arrival. */
  get ids(): readonly string[] {
    return [...this.#jobs.keys()]
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** What the job was given, parsed; undefined if it was given nothing. */
  inputOf(id: string): unknown {
    const { input } = this.#job(id)
    return input === null ? undefined : JSON.parse(input)
  }

  recordOf(id: string): JobRecord {
    return this.#job(id).record
  }

  async submit(requests: readonly JobRequest[], idempotency?: Idempotency): Promise<Submission> {
    await this.#turn()
    if (idempotency !== undefined) {
      const earlier = this.#keys.get(idempotency.key)
      if (earlier !== undefined && earlier.fingerprint !== idempotency.fingerprint) {
        throw new JobServiceError(
          'ERR_KEY_REUSED',
          `idempotency key ${idempotency.key}: used for another request`,
        )
      }
      if (earlier !== undefined) return { jobs: this.#known(earlier.ids), repeated: true }
    }
    const jobs = requests.map(request => this.#accepted(request))
    for (const job of jobs) this.#jobs.set(job.record.id, job)
    const ids = jobs.map(job => job.record.id)
    if (idempotency !== undefined) {
      this.#keys.set(idempotency.key, { fingerprint: idempotency.fingerprint, ids })
    }
    return { jobs: ids.map(id => this.#view(id)), repeated: false }
  }

  #known(ids: readonly string[]): JobView[] {
    if (ids.every(id => this.#jobs.has(id))) return ids.map(id => this.#view(id))
    throw new JobServiceError('ERR_KEY_EXPIRED', 'the jobs of this key are forgotten: use a new key')
  }

  async get(id: string): Promise<JobView | undefined> {
    await this.#turn()
    return this.#jobs.has(id) ? this.#view(id) : undefined
  }

  async list(
    query: Omit<JobQuery, 'now'>,
  ): Promise<Omit<JobPage, 'jobs'> & { readonly jobs: readonly JobView[] }> {
    await this.#turn()
    const views = this.ids.map(id => this.#view(id))
    if (query.order === 'newest') views.reverse()
    if (query.after !== undefined && !/^\d+$/.test(query.after)) throw new RangeError('after: not a page')
    const after = query.after === undefined ? undefined : Number(query.after)
    const matching = views.filter(
      job =>
        (query.states === undefined || query.states.includes(job.state)) &&
        (query.name === undefined || query.name === job.name) &&
        (query.lane === undefined || query.lane === job.lane) &&
        (after === undefined || (query.order === 'newest' ? job.sequence < after : job.sequence > after)),
    )
    const jobs = matching.slice(0, query.limit)
    const last = jobs.at(-1)
    return { jobs, next: matching.length > jobs.length && last !== undefined ? `${last.sequence}` : null }
  }

  async cancel(id: string, reason?: string): Promise<'cancelled' | 'cancelling' | 'finished' | 'unknown'> {
    await this.#turn()
    const job = this.#jobs.get(id)
    if (job === undefined) return 'unknown'
    if (isFinal(job.record.state)) return 'finished'
    if (job.record.state === 'running') return 'cancelling'
    this.#finish(id, 'cancelled', { name: 'Error', message: reason ?? 'cancelled' })
    return 'cancelled'
  }

  async retry(id: string): Promise<'waiting' | 'unfinished' | 'succeeded' | 'unknown'> {
    await this.#turn()
    const job = this.#jobs.get(id)
    if (job === undefined) return 'unknown'
    if (!isFinal(job.record.state)) return 'unfinished'
    if (job.record.state === 'succeeded') return 'succeeded'
    const dueAt = this.#now()
    job.record = { ...job.record, state: 'waiting', dueAt, finishedAt: null, attempt: 0, error: null }
    return 'waiting'
  }

  async result(id: string): Promise<string | null | undefined> {
    await this.#turn()
    return this.#jobs.get(id)?.result
  }

  async logTail(id: string): Promise<string | undefined> {
    await this.#turn()
    return this.#jobs.get(id)?.log
  }

  async estimate(job: JobView): Promise<Estimate> {
    await this.#turn()
    if (job.finishedAt !== null) return { doneAt: job.finishedAt, secondsLeft: 0 }
    if (this.estimated !== undefined) return this.estimated
    const expected = this.definitions.get(job.name)?.expected ?? 0
    const begin = Math.max(job.startedAt ?? this.#now(), job.dueAt)
    const doneAt = Math.max(Math.min(begin + expected * job.cost, LATEST_FORECAST), this.#now())
    return { doneAt, secondsLeft: (doneAt - this.#now()) / 1000 }
  }

  async probe(): Promise<void> {
    await this.#turn()
  }

  onChange(listener: (change: JobChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  start(id: string): void {
    const { record } = this.#job(id)
    this.#expect(id, 'waiting')
    const startedAt = this.#now()
    this.#job(id).record = { ...record, state: 'running', attempt: record.attempt + 1, startedAt }
    this.#tell('started', id)
  }

  /** @param result any JSON value; undefined for none */
  succeed(id: string, result?: unknown): void {
    this.#expect(id, 'running')
    this.#job(id).result = result === undefined ? null : JSON.stringify(result)
    this.#finish(id, 'succeeded', null)
  }

  fail(id: string, error: JobError = { name: 'Error', message: 'it went wrong' }): void {
    this.#expect(id, 'running')
    this.#finish(id, 'failed', error)
  }

  timeOut(id: string): void {
    this.#expect(id, 'running')
    this.#finish(id, 'timed_out', { name: 'Error', message: 'it took too long' })
  }

  /** The end of a running job that was cancelled. */
  stop(id: string): void {
    this.#expect(id, 'running')
    this.#finish(id, 'cancelled', { name: 'Error', message: 'cancelled' })
  }

  /** A running job that failed waits for its next attempt. @param dueAt epoch milliseconds */
  retryLater(id: string, dueAt: number, error: JobError = { name: 'Error', message: 'not yet' }): void {
    this.#expect(id, 'running')
    this.#job(id).record = { ...this.#job(id).record, state: 'waiting', dueAt, error }
    this.#tell('retrying', id)
  }

  /** Adds to what the job has printed. */
  print(id: string, text: string): void {
    this.#job(id).log += text
  }

  /** As when a job's retention has ended. */
  forget(id: string): void {
    this.#jobs.delete(id)
  }

  /** Answers come in a later turn, as those of a store do. */
  async #turn(): Promise<void> {
    await new Promise<void>(resolve => setImmediate(resolve))
    if (this.trouble !== undefined) throw this.trouble
  }

  #accepted(request: JobRequest): ScriptedJob {
    const definition = this.definitions.get(request.name)
    if (definition === undefined) {
      throw new JobServiceError('ERR_JOB_UNKNOWN', `job ${request.name} is not defined`)
    }
    const lane = request.lane ?? definition.lane
    if (!this.#lanes.has(lane)) throw new JobServiceError('ERR_LANE_UNKNOWN', `there is no lane ${lane}`)
    if (definition.input !== null && !this.#ajv.validate(definition.input, request.input ?? null)) {
      throw new JobServiceError('ERR_JOB_INPUT', `input of ${request.name}: ${this.#ajv.errorsText()}`)
    }
    const now = this.#now()
    this.#sequence += 1
    const record: JobRecord = {
      id: randomUUID(),
      sequence: this.#sequence,
      name: request.name,
      lane,
      priority: request.priority ?? definition.priority,
      source: request.source,
      cost: costOf(definition, request.input),
      state: 'waiting',
      attempt: 0,
      interruptions: 0,
      acceptedAt: now,
      scheduledAt: request.dueAt ?? now,
      dueAt: request.dueAt ?? now,
      startedAt: null,
      finishedAt: null,
      error: null,
    }
    const input = request.input === undefined ? null : JSON.stringify(request.input)
    return { record, input, result: null, log: '' }
  }

  #finish(id: string, state: FinalState, error: JobError | null): void {
    this.#job(id).record = { ...this.#job(id).record, state, error, finishedAt: this.#now() }
    this.#tell('finished', id)
  }

  #tell(kind: JobChange['kind'], id: string): void {
    for (const listener of [...this.#listeners]) listener({ kind, job: this.#view(id), at: this.#now() })
  }

  #view(id: string): JobView {
    const { record } = this.#job(id)
    return { ...record, state: stateAt(record, this.#now()) }
  }

  #job(id: string): ScriptedJob {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new Error(`the script knows no job ${id}`)
    return job
  }

  #expect(id: string, state: StoredState): void {
    const found = this.#job(id).record.state
    if (found !== state) throw new Error(`the script expected ${id} to be ${state}, and it is ${found}`)
  }
}

function costOf(definition: JobDefinition, input: unknown): number {
  if (definition.cost === null || typeof input !== 'object' || input === null) return 1
  const cost = (input as Readonly<Record<string, unknown>>)[definition.cost]
  return typeof cost === 'number' && Number.isFinite(cost) ? cost : 1
}
