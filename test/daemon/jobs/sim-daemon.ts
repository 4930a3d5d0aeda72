import { LaneError, TaskTimeoutError } from 'multilane'
import type { Clock } from '#daemon/jobs/clock.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import { Jobs } from '#daemon/jobs/jobs.js'
import { LaneRunner, USUAL_PATIENCE } from '#daemon/jobs/lane-runner.js'
import { RecordKeeper } from '#daemon/jobs/record-keeper.js'
import { shutDown } from '#daemon/shutdown.js'
import type { ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import type { MemoryJobs } from '../../support/daemon/memory-job-store.js'
import { type ScriptedCall, ScriptedLane } from '../../support/daemon/scripted-lane.js'
import type { Random } from '../../support/random.js'
import { ownerOf, type RunEnd, type SimLedger } from './sim-ledger.js'
import { SimStore } from './sim-store.js'

export interface SimSurroundings {
  readonly clock: ManualDaemonClock
  readonly random: Random
  readonly jobs: MemoryJobs
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly ledger: SimLedger
  readonly faults: () => number
  /** How likely a job that starts takes its thread with it. */
  readonly deaths: () => number
}

export const SIM_LANES = { one: 1, few: 3 } as const

/** One daemon's life, from its start to its orderly end or its crash. */
export class SimDaemon {
  readonly jobs: Jobs
  readonly store: SimStore
  readonly runners: readonly LaneRunner[]
  readonly #lanes = new Map<string, ScriptedLane>()
  readonly #around: SimSurroundings
  readonly #life: number
  readonly #clock: Clock
  readonly #keeper: RecordKeeper
  #alive = true
  #serves = false
  #failedForGood = false

  constructor(life: number, around: SimSurroundings) {
    const { clock, random, definitions, jobs, faults } = around
    this.#life = life
    this.#around = around
    this.#clock = {
      now: () => clock.now(),
      after: (delay, call) => clock.after(delay, () => this.#alive && call()),
    }
    this.store = new SimStore({ owner: ownerOf(life), jobs, clock: this.#clock, random, faults })
    this.#keeper = new RecordKeeper(this.#clock, () => {})
    this.jobs = new Jobs({ definitions, store: this.store, clock: this.#clock })
    this.runners = Object.entries(SIM_LANES).map(([name, slots]) => this.#runner(name, slots))
  }

  /** Whether it takes requests: not before it has taken up what its predecessor left. */
  get serves(): boolean {
    return this.#serves && this.#alive
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Whether one of its lanes takes no more jobs, so that only the next daemon can run them. */
  get failedForGood(): boolean {
    return this.#failedForGood
  }

  #runner(name: string, slots: number): LaneRunner {
    const { random, definitions } = this.#around
    const lane = new ScriptedLane(this.#clock, call => this.#submitted(call, lane, slots))
    this.#lanes.set(name, lane)
    return new LaneRunner({
      name,
      lane,
      slots,
      patience: USUAL_PATIENCE,
      definitions,
      store: this.store,
      keeper: this.#keeper,
      clock: this.#clock,
      random: () => random.next(),
      endProcess: () => Promise.resolve(),
      onStarted: attempt => this.jobs.started(attempt),
      onSettled: (job, startedAt, end) => this.jobs.settled(job, startedAt, end),
      onTrouble: () => {},
    })
  }

  async start(): Promise<void> {
    const { claims } = await this.#persistently(() => this.store.recover())
    await this.#persistently(() => this.jobs.prepare(this.runners))
    this.jobs.start(claims > 0)
    this.#serves = true
  }

  /** The process dies. Nothing of it does anything from now on. */
  crash(): void {
    this.#alive = false
    this.#around.ledger.crashed(this.#life)
  }

  /** Ends in good order. */
  async close(): Promise<void> {
    const { jobs, runners } = this
    const engine = { jobs, runners, keeper: this.#keeper }
    const drain = this.#around.random.below(2000)
    await shutDown(engine, { drain, hasten: new AbortController().signal, clock: this.#clock })
    await this.store.close()
    this.#alive = false
    for (const lane of this.#lanes.values()) {
      // It was cut off by the end of the process, unheard.
      if (lane.running.length > 0) this.#around.ledger.crashed(this.#life)
    }
  }

  /** Whether the store has been told of everything that happened. */
  get recorded(): boolean {
    for (const row of this.#around.jobs.rows.values()) if (row.claimedBy === ownerOf(this.#life)) return false
    return true
  }

  /** The most of a lane's jobs that this daemon may hold. */
  check(): void {
    for (const { name, feed, attempts } of this.runners) {
      const most = SIM_LANES[name as keyof typeof SIM_LANES] + 1000
      const known = [...attempts].length
      if (feed.held < known || feed.held > most) {
        throw new Error(`lane ${name} holds ${feed.held} jobs, with ${known} attempts`)
      }
    }
  }

  checkIdle(): void {
    for (const { name, feed, attempts } of this.runners) {
      if (feed.held !== 0) throw new Error(`lane ${name} is idle and holds ${feed.held} jobs`)
      for (const { job } of attempts) throw new Error(`lane ${name} is idle and has an attempt at ${job.id}`)
    }
  }

  async #persistently<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof Error && 'kind' in error)) throw error
      }
    }
  }

  #submitted(call: ScriptedCall, lane: ScriptedLane, slots: number): void {
    for (const other of this.#lanes.values()) {
      for (const one of other.open) {
        if (one !== call && one.job.id === call.job.id) throw new Error(`${call.job.id} is on a lane twice`)
      }
    }
    this.#soon(lane, slots)
  }

  #soon(lane: ScriptedLane, slots: number): void {
    this.#clock.after(this.#around.random.below(4), () => {
      if (lane.waiting.length > 0 && lane.running.length < slots) this.#begin(lane, slots)
    })
  }

  #begin(lane: ScriptedLane, slots: number): void {
    const { random, ledger, deaths, definitions } = this.#around
    const call = lane.waiting.toSorted((a, b) => b.options.priority - a.options.priority)[0]!
    const { timeout } = definitions.get(call.job.name)!
    const ended = ledger.started(this.#life, call.job.id)
    call.start()
    void call.result().then(
      end => ended(end.ok ? 'succeeded' : 'failed'),
      error => ended(endOf(error, call)),
    )
    const over = () => this.#soon(lane, slots)
    call.result().then(over, over)
    const duration = random.chance(0.2) ? random.below(3000) : random.below(60)
    if (random.chance(deaths())) {
      this.#clock.after(duration, () => {
        if (call.over) return
        ledger.count('deaths')
        if (random.chance(0.05)) this.#failForGood(lane)
        else lane.loseThread()
      })
    } else if (timeout !== null && duration > timeout) {
      this.#clock.after(timeout, () => call.reject(new TaskTimeoutError(call.job.name, 'timeout')))
    } else {
      const fails = random.chance(0.25)
      this.#clock.after(duration, () => (fails ? call.fail() : call.succeed('1')))
    }
  }

  #failForGood(lane: ScriptedLane): void {
    this.#around.ledger.count('lanes failed')
    this.#failedForGood = true
    lane.failForGood()
  }
}

function endOf(error: unknown, call: ScriptedCall): RunEnd {
  if (error instanceof TaskTimeoutError) return 'timed_out'
  if (error instanceof LaneError) return 'interrupted'
  return call.cancelled?.reason === 'the daemon shuts down' ? 'put back' : 'cancelled'
}
