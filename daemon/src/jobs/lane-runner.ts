import type { ClaimedJob, JobStore, ProcessIdentity, Settlement } from '../store/job-store.js'
import type { JobSignal } from '../work/job-call.js'
import { Attempt, type PutBack } from './attempt.js'
import { type AttemptEnd, interruptedTooOften, settleAttempt } from './attempt-outcome.js'
import type { Clock } from './clock.js'
import type { JobError } from './job.js'
import type { JobDefinition } from './job-definition.js'
import type { JobLane } from './job-lane.js'
import { LaneFeed } from './lane-feed.js'
import { LaneParallelism } from './lane-parallelism.js'
import type { RecordKeeper } from './record-keeper.js'

const CANCEL_PATIENCE_MS = 2000

/**
 * Milliseconds that a record may wait for others to share its transaction. A job that is cut off by a crash before its
 * start is recorded runs again all the same, only uncounted; one whose end was not recorded yet, once more.
 */
export interface RecordPatience {
  readonly claim: number
  readonly start: number
  readonly settle: number
}

/** Nobody waits for the single bulk job, but urgent ones for the disk: bulk must not keep it busy. */
export const BULK_PATIENCE: RecordPatience = { claim: 25, start: 500, settle: 100 }
/** Whoever waits for a job waits for its end to be recorded. */
export const USUAL_PATIENCE: RecordPatience = { claim: 0, start: 10, settle: 0 }

export interface LaneRunnerOptions {
  readonly name: string
  readonly lane: JobLane
  /** Threads times concurrency. */
  readonly slots: number
  readonly patience: RecordPatience
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly store: JobStore
  readonly keeper: RecordKeeper
  readonly clock: Clock
  readonly random: () => number
  readonly endProcess: (process: ProcessIdentity, jobId: string) => Promise<void>
  readonly onStarted: (attempt: Attempt) => void
  /** Told once the end of an attempt is recorded. */
  readonly onSettled: (job: ClaimedJob, startedAt: number | null, end: Settlement) => void
  readonly onTrouble: (error: unknown, doing: string) => void
}

/** Runs the jobs of one lane: takes them from its feed, follows each attempt, and has its end recorded. */
export class LaneRunner {
  readonly name: string
  readonly feed: LaneFeed
  readonly parallelism: LaneParallelism
  readonly #options: LaneRunnerOptions
  readonly #attempts = new Map<string, Attempt>()
  readonly #settlements = new Map<string, Promise<void>>()
  /** How often a job was claimed again while what became of its last attempt was still being recorded. */
  readonly #early = new Map<string, number>()
  /** Those whose start was recorded before it happened. */
  readonly #recordedFirst = new WeakSet<Attempt>()
  /** Jobs accepted until then may be what killed the daemon before: their start is recorded before it happens. */
  #suspectsUntil = Number.NEGATIVE_INFINITY
  #stopping = false
  #failed = false
  #idle: (() => void)[] = []

  constructor(options: LaneRunnerOptions) {
    const { name, slots, store, clock } = options
    this.name = name
    this.#options = options
    this.parallelism = new LaneParallelism(slots)
    this.feed = new LaneFeed({
      slots,
      ahead: options.patience.claim + options.patience.settle,
      clock,
      claim: limit => store.claim(name, limit, clock.now(), options.patience.claim),
      onClaimed: jobs => {
        for (const job of jobs) this.run(job)
      },
      onClaimFailed: error => options.onTrouble(error, `claiming jobs of lane ${name}`),
    })
  }

  /** Begins to claim. @param suspectsUntil epoch milliseconds, after a crash; undefined after an orderly stop */
  start(suspectsUntil: number | undefined): void {
    this.#suspectsUntil = suspectsUntil ?? Number.NEGATIVE_INFINITY
    this.feed.start(suspectsUntil !== undefined)
  }

  attempt(id: string): Attempt | undefined {
    return this.#attempts.get(id)
  }

  /** Whether the lane takes no more tasks, ever. */
  get failed(): boolean {
    return this.#failed
  }

  get attempts(): Iterable<Attempt> {
    return this.#attempts.values()
  }

  /** @returns whether it is about an attempt that is in its hands */
  hear(signal: JobSignal): boolean {
    const attempt = this.#attempts.get(signal.id)
    if (attempt?.number !== signal.attempt) return false
    attempt.hear(signal)
    return true
  }

  /** Runs a job that is claimed, and for which the feed has counted a place. */
  run(job: ClaimedJob): void {
    if (this.#attempts.has(job.id)) {
      this.#early.set(job.id, (this.#early.get(job.id) ?? 0) + 1)
      return
    }
    const { definitions, lane, clock, endProcess } = this.#options
    const definition = definitions.get(job.name)
    if (definition === undefined) {
      this.#giveUp(job, {
        name: 'Error',
        code: 'ERR_JOB_UNKNOWN',
        message: `no job is called ${job.name} any more`,
      })
      return
    }
    if (job.interruptions > definition.interruptions) {
      this.#giveUp(job, interruptedTooOften(job.interruptions, job.error))
      return
    }
    const onStart = (attempt: Attempt, first: boolean) => this.#started(attempt, first)
    const attempt = new Attempt(job, definition, { lane, clock, endProcess, onStart })
    this.#attempts.set(job.id, attempt)
    this.#settlements.set(
      job.id,
      attempt.ended.then(end => this.#ended(attempt, end)),
    )
    if (this.#stopping) attempt.putBack()
    else if (job.acceptedAt > this.#suspectsUntil) attempt.begin()
    else this.#beginRecorded(attempt)
  }

  /**
   * Cancels an attempt of this lane.
   *
   * @returns `cancelled` once that is recorded, unless the store is in trouble: then `cancelling` for the time being.
   *   `finished` if its end was decided already, once that is recorded, with as much patience
   * @throws StoreError `unavailable` if it runs, and that it was cancelled cannot be recorded; it ends all the same
   */
  async cancel(id: string, reason: string): Promise<'cancelled' | 'cancelling' | 'finished'> {
    const outcome = this.#attempts.get(id)?.cancel(reason) ?? 'finished'
    const recorded = this.#settlements.get(id)
    if (outcome === 'cancelling') {
      // Whoever is told so must not find it run again because the daemon died before the attempt had ended.
      const { store, clock } = this.#options
      await store.cancel(id, clock.now())
    }
    if (outcome === 'cancelling' || recorded === undefined) return outcome
    return new Promise(resolve => {
      const late = outcome === 'cancelled' ? 'cancelling' : outcome
      const stop = this.#options.clock.after(CANCEL_PATIENCE_MS, () => resolve(late))
      recorded.then(() => {
        stop()
        resolve(outcome)
      })
    })
  }

  /** Claims no more and gives back what has not started. What runs, runs on. */
  async stop(): Promise<void> {
    this.#stopping = true
    const claimed = this.feed.stop()
    for (const attempt of this.#attempts.values()) if (attempt.startedAt === null) attempt.putBack()
    await claimed
  }

  /** Cuts off what still runs; it stays to be done. @returns how many that were */
  cutOff(): number {
    let running = 0
    for (const attempt of this.#attempts.values()) {
      if (attempt.startedAt !== null) running++
      attempt.putBack()
    }
    return running
  }

  /** Resolves when nothing of this lane is left in the daemon's hands. */
  idle(): Promise<void> {
    if (this.#attempts.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#idle.push(resolve)
    })
  }

  async #beginRecorded(attempt: Attempt): Promise<void> {
    const { store, clock, onTrouble } = this.#options
    const start = { attempt: attempt.number, startedAt: clock.now(), process: null }
    this.#recordedFirst.add(attempt)
    try {
      await store.start(attempt.job.id, start)
      attempt.begin()
    } catch (error) {
      onTrouble(error, `recording the start of job ${attempt.job.id}`)
      attempt.putBack()
    }
  }

  #started(attempt: Attempt, first: boolean): void {
    const { store, onStarted, onTrouble } = this.#options
    const { number, startedAt, process, job } = attempt
    if (startedAt === null) return
    // A command outlives a crash: the next daemon must know of it.
    const patience = process === null ? this.#options.patience.start : 0
    store.start(job.id, { attempt: number, startedAt, process }, patience).catch(error => {
      // The job runs all the same: should the daemon die now, it runs again without this attempt being counted.
      onTrouble(error, `recording the start of job ${job.id}`)
    })
    if (first) onStarted(attempt)
  }

  async #ended(attempt: Attempt, end: AttemptEnd | PutBack): Promise<void> {
    const { job, startedAt } = attempt
    const now = this.#options.clock.now()
    const duration = startedAt === null ? undefined : Math.max(0, now - startedAt)
    if (duration !== undefined) this.parallelism.note(duration, now, this.feed.busy)
    if (end.kind === 'put back' || end.kind === 'refused') {
      if (end.kind === 'refused') await this.#close()
      await this.#options.keeper.record(() => this.#options.store.release([job.id]))
    } else {
      const { definition } = attempt
      const hasStarted = startedAt !== null || this.#recordedFirst.has(attempt)
      // One that was cancelled before it could start is none.
      const number = end.kind === 'cancelled' && !hasStarted ? job.attempt : attempt.number
      const settlement = settleAttempt(job, number, end, definition, now, this.#options.random())
      await this.#settle(job, startedAt, settlement)
      if (settlement.kind === 'again') this.feed.notify(settlement.dueAt)
    }
    const early = await this.#giveBackEarly(job.id)
    this.#attempts.delete(job.id)
    this.#settlements.delete(job.id)
    this.feed.finished(duration)
    for (let claim = 0; claim < early; claim++) this.feed.finished()
    if (early > 0) this.feed.notify(now)
    if (this.#attempts.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /**
   * A write that failed may have taken effect, and a job been claimed again before it was repeated. Whether that claim
   * still stands cannot be told, so it is given back.
   *
   * @returns how many places in the feed that sets free
   */
  async #giveBackEarly(id: string): Promise<number> {
    const { keeper, store } = this.#options
    let given = 0
    for (let claims = this.#early.get(id); claims !== undefined; claims = this.#early.get(id)) {
      this.#early.delete(id)
      given += claims
      await keeper.record(() => store.release([id]))
    }
    return given
  }

  /** For a job that cannot be attempted. */
  async #giveUp(job: ClaimedJob, error: JobError): Promise<void> {
    const finishedAt = this.#options.clock.now()
    await this.#settle(job, job.startedAt, {
      kind: 'failed',
      attempt: job.attempt,
      finishedAt,
      error,
      log: '',
    })
    this.feed.finished()
  }

  async #settle(job: ClaimedJob, startedAt: number | null, settlement: Settlement): Promise<void> {
    const { keeper, store, onSettled, patience } = this.#options
    const record = async (end: Settlement) => {
      if (await keeper.record(() => store.settle(job.id, end, patience.settle)))
        onSettled(job, startedAt, end)
    }
    try {
      await record(settlement)
    } catch (error) {
      this.#options.onTrouble(error, `recording the end of job ${job.id}`)
      await record(unrecordable(settlement, this.#options.clock.now()))
    }
  }

  /** The lane has failed for good: without it, its jobs wait for the next daemon. */
  async #close(): Promise<void> {
    this.#failed = true
    await this.feed.stop()
  }
}

/** Of an end that the store refuses, as it is, at least the fact is kept. */
function unrecordable({ attempt }: Settlement, now: number): Settlement {
  const message = 'the job ended, but its result or error cannot be kept'
  const error = { name: 'Error', code: 'ERR_JOB_UNRECORDABLE', message }
  return { kind: 'failed', attempt, finishedAt: now, error, log: '' }
}
