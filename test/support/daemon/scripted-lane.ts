import { LaneError, TaskCanceledError } from 'multilane'
import type { Clock } from '#daemon/jobs/clock.js'
import type { JobHandle, JobLane } from '#daemon/jobs/job-lane.js'
import type { JobCall, JobEnd } from '#daemon/work/job-call.js'

type SubmitOptions = Parameters<JobLane['submit']>[1]

/** A lane that runs nothing: each call waits until the test starts it, and runs until the test ends it. */
export class ScriptedLane implements JobLane {
  /** The calls that are neither ended nor cancelled, in order of arrival. */
  readonly open = new Set<ScriptedCall>()
  readonly #clock: Clock
  readonly #onSubmit: (call: ScriptedCall) => void
  #failure: LaneError | null = null

  /** @param onSubmit told of each call that the lane has taken */
  constructor(clock: Clock, onSubmit: (call: ScriptedCall) => void = () => {}) {
    this.#clock = clock
    this.#onSubmit = onSubmit
  }

  submit(call: JobCall, options: SubmitOptions): JobHandle {
    if (this.#failure !== null) throw this.#failure
    const scripted = new ScriptedCall(call, options, this.#clock, over => this.open.delete(over))
    this.open.add(scripted)
    this.#onSubmit(scripted)
    return scripted
  }

  /** The open call of a job; fails if there is none. */
  of(id: string): ScriptedCall {
    for (const call of this.open) if (call.job.id === id) return call
    throw new Error(`the lane has no open call of ${id}`)
  }

  get waiting(): ScriptedCall[] {
    return [...this.open].filter(call => !call.started)
  }

  get running(): ScriptedCall[] {
    return [...this.open].filter(call => call.started)
  }

  /** A thread dies: what runs on it goes with it, what waits does not. */
  loseThread(): void {
    for (const call of this.running) call.reject(new LaneError('ERR_LANE_EXITED', 'lane', 'the thread ended'))
  }

  /** The lane has lost too many threads: it takes nothing more, and what it has comes to nothing. */
  failForGood(): void {
    this.loseThread()
    this.#failure = new LaneError('ERR_LANE_FAILED', 'lane', 'the lane is closed')
    for (const call of [...this.open]) call.reject(this.#failure)
  }
}

/** One job on a scripted lane. */
export class ScriptedCall implements JobHandle {
  readonly job: JobCall
  readonly options: SubmitOptions
  readonly #submittedAt: number
  #startedAt: number | null = null
  /** Whether it was cancelled, and what for. */
  cancelled: { readonly reason: unknown } | null = null
  readonly #clock: Clock
  readonly #onOver: (call: ScriptedCall) => void
  readonly #result: Promise<JobEnd>
  #resolve: (end: JobEnd) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #over = false

  constructor(job: JobCall, options: SubmitOptions, clock: Clock, onOver: (call: ScriptedCall) => void) {
    this.job = job
    this.options = options
    this.#clock = clock
    this.#onOver = onOver
    this.#submittedAt = clock.now()
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get started(): boolean {
    return this.#startedAt !== null
  }

  get timestamps(): JobHandle['timestamps'] {
    return { submit: this.#submittedAt, ...(this.#startedAt !== null && { start: this.#startedAt }) }
  }

  get over(): boolean {
    return this.#over
  }

  result(): Promise<JobEnd> {
    return this.#result
  }

  cancel(reason?: unknown): boolean {
    if (this.#over) return false
    this.cancelled = { reason }
    this.reject(new TaskCanceledError(this.job.name, reason))
    return true
  }

  start(): this {
    this.#startedAt = this.#clock.now()
    this.options.onStart()
    return this
  }

  succeed(result: string | null = null, log = ''): void {
    if (this.#decide()) this.#resolve({ ok: true, result, log })
  }

  fail(message = 'it failed', log = ''): void {
    if (this.#decide()) this.#resolve({ ok: false, error: { name: 'Error', message }, log })
  }

  /** The lane, and not the job, tells how it ended. */
  reject(error: unknown): void {
    if (this.#decide()) this.#reject(error)
  }

  #decide(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#onOver(this)
    return true
  }
}
