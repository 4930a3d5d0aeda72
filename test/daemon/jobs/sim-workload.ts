import { isFinal } from '#daemon/jobs/job.js'
import { type JobRequest, JobServiceError } from '#daemon/jobs/job-service.js'
import { StoreError } from '#daemon/store/store-error.js'
import { drained, ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import { MemoryJobs } from '../../support/daemon/memory-job-store.js'
import { Random } from '../../support/random.js'
import { definitionsOf, plainDefinition } from './plain-job.js'
import { SimDaemon } from './sim-daemon.js'
import { SimLedger } from './sim-ledger.js'

const STEPS = 220
/** Long enough for every back-off and every poll that is left. */
const QUIET_MS = 900_000

const DEFINITIONS = definitionsOf(
  plainDefinition({ name: 'once', lane: 'one' }),
  plainDefinition({ name: 'never twice', lane: 'few', interruptions: 0 }),
  plainDefinition({
    name: 'stubborn',
    lane: 'few',
    retries: { limit: 3, delay: 0, factor: 2, maxDelay: 1000 },
    timeout: 1500,
    priority: 5,
  }),
  plainDefinition({
    name: 'patient',
    lane: 'one',
    retries: { limit: 2, delay: 200, factor: 3, maxDelay: 1000 },
    timeout: 800,
  }),
)
const NAMES = [...DEFINITIONS.keys()]

/** One seed's run: a daemon and its successors, on a store and lanes that fail, until all jobs are done. */
export async function runSeed(seed: number): Promise<Record<string, number>> {
  const run = new SimRun(seed)
  try {
    await run.play()
  } catch (error) {
    throw new Error(`seed ${seed} (replay it with MULTILANE_SEED=${seed}): ${(error as Error).message}`, {
      cause: error,
    })
  }
  return run.ledger.tally
}

class SimRun {
  readonly #random: Random
  readonly #clock = new ManualDaemonClock()
  readonly #jobs = new MemoryJobs()
  readonly ledger = new SimLedger(this.#jobs, DEFINITIONS)
  readonly #faultRate: number
  #faults = 0
  #deaths = 0
  #lives = 0
  #daemon: SimDaemon
  #closing: Promise<void> | null = null
  /** The first thing that was found wrong by something that happened by itself. */
  #wrong: unknown = null

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#faultRate = this.#random.pick([0, 0.02, 0.1, 0.4])
    this.#deaths = this.#random.pick([0, 0.03, 0.15])
    this.#daemon = this.#startDaemon()
  }

  async play(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.#letHappen()
      await this.#act()
    }
    await this.#quiet()
    this.ledger.checkEnd()
    this.#daemon.checkIdle()
    await this.#end()
  }

  #startDaemon(): SimDaemon {
    this.ledger.newLife()
    const daemon = new SimDaemon(++this.#lives, {
      clock: this.#clock,
      random: this.#random,
      jobs: this.#jobs,
      definitions: DEFINITIONS,
      ledger: this.ledger,
      faults: () => this.#faults,
      deaths: () => this.#deaths,
    })
    this.#watch(daemon.start())
    this.#daemon = daemon
    return daemon
  }

  /** Lets the next timer fire, and now and then all of one instant before anything follows from the first. */
  async #letHappen(): Promise<void> {
    if (this.#clock.next < Number.POSITIVE_INFINITY) {
      this.#clock.fireNext()
      while (this.#clock.next <= 0 && this.#random.chance(0.5)) this.#clock.fireNext()
    }
    await drained()
    if (this.#wrong !== null) throw this.#wrong
    this.ledger.check()
    if (this.#daemon.alive) this.#daemon.check()
  }

  async #act(): Promise<void> {
    const random = this.#random
    if (random.chance(0.1)) this.#faults = this.#faults === 0 ? this.#faultRate : 0
    if (this.#closing === null) {
      if (random.chance(0.008)) this.#restart()
      else if (random.chance(0.004) || (this.#daemon.failedForGood && random.chance(0.1))) this.#close()
    } else if (random.chance(0.01)) this.#restart()
    if (random.chance(0.25)) this.#watch(this.#submit())
    if (random.chance(0.1)) this.#watch(this.#cancel())
    if (random.chance(0.05)) this.#watch(this.#retry())
    if (random.chance(0.05)) this.#watch(this.#look())
    await drained()
  }

  /** Crashes the daemon, whatever it is doing, and starts another. */
  #restart(): void {
    this.ledger.count('crashes')
    this.#daemon.crash()
    this.#closing = null
    this.#startDaemon()
  }

  #close(): void {
    const daemon = this.#daemon
    const healthy = this.#random.chance(0.5)
    const troubled = this.#faultRate > 0
    this.ledger.count('closes')
    this.#closing = daemon.close().then(() => {
      if (!daemon.recorded) {
        if (!troubled) throw new Error('a job is still claimed after an orderly close')
        daemon.crash()
      }
      if (this.#daemon !== daemon) return
      this.#closing = null
      this.#startDaemon()
    })
    if (healthy) this.#faults = 0
    this.#watch(this.#closing)
  }

  async #submit(): Promise<void> {
    const random = this.#random
    const requests = Array.from({ length: 1 + random.below(random.pick([1, 1, 8])) }, () => this.#request())
    const key = { key: `key-${random.below(12)}`, fingerprint: 'same' }
    const views = await this.#ask(() =>
      this.#daemon.jobs.submit(requests, random.chance(0.3) ? key : undefined),
    )
    for (const { id } of views?.jobs ?? []) this.ledger.acknowledged(id)
  }

  #request(): JobRequest {
    const random = this.#random
    return {
      name: random.pick(NAMES),
      source: 'work',
      ...(random.chance(0.2) && { lane: random.pick(['one', 'few']) }),
      ...(random.chance(0.2) && { priority: random.below(10) }),
      ...(random.chance(0.2) && { dueAt: this.#clock.now() + random.below(4000) }),
    }
  }

  async #cancel(): Promise<void> {
    const id = this.#anyJob()
    if (id === undefined) return
    const asked = this.ledger.cancelling(id)
    const answer = await this.#ask(() => this.#daemon.jobs.cancel(id))
    if (answer !== undefined) this.ledger.cancelAnswered(this.#lives, id, answer, asked)
  }

  async #retry(): Promise<void> {
    const id = this.#anyJob()
    if (id === undefined) return
    this.ledger.retrying(id)
    const answer = await this.#ask(() => this.#daemon.jobs.retry(id))
    if (answer !== undefined) this.ledger.count(`retry: ${answer}`)
    this.ledger.retryAnswered(id, answer)
  }

  async #look(): Promise<void> {
    const id = this.#anyJob()
    if (id === undefined) return
    const view = await this.#ask(() => this.#daemon.jobs.get(id))
    if (view === undefined) return
    const estimate = await this.#ask(() => this.#daemon.jobs.estimate(view))
    if (estimate !== undefined && !(estimate.secondsLeft >= 0)) throw new Error('an estimate below 0')
  }

  /** What a client gets; undefined where the daemon says that it cannot, or dies before it answers. */
  async #ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    const daemon = this.#daemon
    if (!daemon.serves) return undefined
    try {
      const answer = await call()
      return daemon.alive ? answer : undefined
    } catch (error) {
      if (error instanceof StoreError || error instanceof JobServiceError) return undefined
      throw error
    }
  }

  #anyJob(): string | undefined {
    const ids = [...this.#jobs.rows.keys()]
    // The latest ones are those with which something happens.
    return this.#random.chance(0.7)
      ? ids[Math.max(0, ids.length - 1 - this.#random.below(8))]
      : ids[this.#random.below(ids.length)]
  }

  /** Takes the faults away, and lets time pass until every job is done. */
  async #quiet(): Promise<void> {
    this.#faults = 0
    this.#deaths = 0
    const end = this.#clock.now() + QUIET_MS
    while (this.#clock.now() < end) {
      if (this.#daemon.failedForGood && this.#closing === null) this.#close()
      if (this.#closing === null && this.#allDone()) return
      await this.#letHappen()
    }
  }

  #allDone(): boolean {
    for (const row of this.#jobs.rows.values())
      if (!isFinal(row.state) || row.claimedBy !== null) return false
    return this.#daemon.runners.every(runner => runner.feed.held === 0)
  }

  async #end(): Promise<void> {
    let closed = false
    this.#watch(
      this.#daemon.close().then(() => {
        closed = true
      }),
    )
    while (!closed && this.#clock.next < Number.POSITIVE_INFINITY) await this.#letHappen()
    if (!closed) throw new Error('the daemon never closed')
  }

  #watch(doing: Promise<unknown>): void {
    doing.catch(error => {
      this.#wrong ??= error
    })
  }
}
