import type { LaneToSupervisor } from '../bridge/protocol/lane-to-supervisor.js'
import { LaneError } from '../core/errors.js'
import { GrowthPause } from '../core/growth-pause.js'
import { ReplacementBudget } from '../core/replacement-budget.js'
import { RestartBudget } from '../core/restart-budget.js'
import { culpritsOf } from './culprits.js'
import { IdleThreads } from './idle-threads.js'
import { type LaneSetup, mostStalled } from './lane-config.js'
import { LaneFigures } from './lane-figures.js'
import { LaneThread } from './lane-thread.js'
import { OS_PRIORITIES } from './os-priority.js'
import type { Stall } from './stall-watch.js'
import type { LaneThreadStats } from './supervisor-stats.js'
import type { Surroundings, ThreadSource } from './surroundings.js'

/** What a lane tells the supervisor. */
export interface LaneObserver {
  joined(lane: SupervisedLane, thread: LaneThread): void
  lost(lane: SupervisedLane, thread: LaneThread, error: Error): void
  exited(lane: SupervisedLane, thread: LaneThread): void
  /** A lost thread is replaced. @param after milliseconds until its replacement is begun */
  restarts(lane: SupervisedLane, thread: LaneThread, error: Error, after: number): void
  /** It is not needed any more, or stalled and replaced, and is to leave once no sender has a task on it. */
  retiring(lane: SupervisedLane, thread: LaneThread): void
  /** It was to leave and stays after all: whoever has released it is to be connected with it anew. */
  stays(lane: SupervisedLane, thread: LaneThread): void
  /** It was lost too often and is closed. */
  failed(lane: SupervisedLane, error: Error): void
  fault(lane: SupervisedLane, error: Error): void
  message(lane: SupervisedLane, thread: LaneThread, message: LaneToSupervisor): void
}

/**
 * A lane as the supervisor keeps it: as many threads as configured, each lost one replaced.
 *
 * | mode       | meaning                                        | left by                                           |
 * |------------|------------------------------------------------|---------------------------------------------------|
 * | `starting` | its first threads start; one that never gets   | as many as it has at least are ready → `running`; |
 * |            | ready fails the start                          | the restart budget is spent, `close` → `closing`  |
 * | `running`  | what is lost is replaced                       | the restart budget is spent, `close` → `closing`  |
 * | `closing`  | no thread is started any more                  |                                                   |
 *
 * If their number may change, it grows by one at a time, when a sender asks and the one before is ready; and as long as
 * it is above the minimum, idle threads retire. Of these one stays if it is needed before it has left: the lane is to grow,
 * or what it still got to do has submitted tasks in turn. A thread that is lost while it retires is neither replaced nor counted: it was not needed. One that
 * is lost while it starts is, whoever asked for it.
 *
 * A thread that stalls may be retired just so, and a fresh one leased in its place at once, or it may be ended. Both
 * spend from a budget of their own, of the size that `restart` gives; and of stalled ones that have not left there are
 * no more at a time than its `max`. When that is spent, nothing is done about a stall.
 *
 * A thread that the operating system does not give is not missed by a lane that has as many ready as it has at least: it is
 * told of once, and the lane grows again only after a while, longer each time. Below that it counts as one that is lost.
 *
 * A thread that was ended because a task held its loop is replaced at once and does not count; any other loss counts
 * toward the restart budget, and when that is spent the lane is closed. If a thread fails that was never
 * ready, and before the lane was, nothing would be better the next time, so the start fails with what it failed with.
 */
export class SupervisedLane {
  readonly config: LaneSetup
  readonly figures = new LaneFigures()
  readonly #pool: ThreadSource
  readonly #surroundings: Surroundings
  readonly #observer: LaneObserver
  readonly #budget: RestartBudget
  readonly #epochOffset: number
  readonly #nextNumber: () => number
  readonly #threads = new Set<LaneThread>()
  readonly #restartTimers = new Set<() => void>()
  readonly #retiring = new Set<LaneThread>()
  /** Those among them that have a replacement: they are beyond the configured number. */
  readonly #replaced = new Set<LaneThread>()
  readonly #replacements: ReplacementBudget
  readonly #growthPause = new GrowthPause()
  readonly #idle: IdleThreads<LaneThread>
  readonly #started: { resolve: () => void; reject: (error: Error) => void; promise: Promise<void> }
  #mode: 'starting' | 'running' | 'closing' = 'starting'
  restarts = 0
  /** Why it was closed, if it lost too many threads. */
  failure: LaneError | null = null

  constructor(
    config: LaneSetup,
    pool: ThreadSource,
    surroundings: Surroundings,
    epochOffset: number,
    nextNumber: () => number,
    observer: LaneObserver,
  ) {
    this.config = config
    this.#observer = observer
    this.#epochOffset = epochOffset
    this.#nextNumber = nextNumber
    this.#budget = new RestartBudget(config.restart)
    this.#replacements = new ReplacementBudget(config.restart)
    this.#pool = pool
    this.#surroundings = surroundings
    pool.onError(error => observer.fault(this, error))
    this.#started = deferred()
    this.#started.promise.catch(() => {})
    this.#idle = new IdleThreads(
      config.threads,
      surroundings.clock,
      surroundings.timers,
      () => this.#readyThreads,
      thread => this.#retire(thread),
    )
    for (let i = 0; i < config.threads.min; i++) this.#lease()
  }

  /** Resolves when as many threads as it has at least are ready for the first time; rejects with why one of them is not. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  get threads(): ReadonlySet<LaneThread> {
    return this.#threads
  }

  /**
   * The numbers of the threads that may start its tasks, or will if they are needed though they were to go; null if there may
   * be others soon.
   */
  get crew(): readonly number[] | null {
    if (this.#mode !== 'running') return null
    // A thread that waits synchronously holds its loop, and is replaced for it.
    if (this.config.stallAfter < Number.POSITIVE_INFINITY && this.#replaced.size < mostStalled(this.config))
      return null
    const present = this.#present
    const isComplete = present.length >= this.config.threads.max && present.every(thread => thread.mayStart)
    return isComplete ? present.map(({ number }) => number) : null
  }

  stats(): LaneThreadStats {
    const ready = this.#readyThreads
    // These go from the highest to the lowest.
    const os = OS_PRIORITIES.find(priority => ready.some(thread => thread.os === priority))
    return {
      threads: ready.length,
      restarts: this.restarts,
      stalled: this.stalled,
      os: os ?? this.config.os,
      ...this.figures.take(),
    }
  }

  /** How many threads have been replaced because they stalled, and have not left. */
  get stalled(): number {
    return this.#replaced.size
  }

  /** Those that count toward its number. */
  get #present(): LaneThread[] {
    return [...this.#threads].filter(thread => !thread.isGone && !this.#replaced.has(thread))
  }

  get #readyThreads(): LaneThread[] {
    return [...this.#threads].filter(thread => thread.isReady)
  }

  /** A sender has tasks waiting that one more thread could start. */
  grow(): void {
    if (this.#mode !== 'running' || this.#restartTimers.size > 0) return
    const present = this.#present
    if (present.some(thread => thread.isStarting)) return
    const retiring = present.find(thread => thread.isRetiring && hasPlace(thread, this.config.concurrency))
    if (retiring !== undefined) this.#stay(retiring)
    else if (present.length < this.config.threads.max && this.#now >= this.#growthPause.until) this.#lease()
  }

  get #now(): number {
    return this.#surroundings.clock.now()
  }

  /**
   * Has a fresh thread take the place of one whose loop is held. What has not started on it is taken back by the senders,
   * and it leaves when all that has started is done.
   *
   * @returns false if it is to leave anyway, or too many have stalled
   */
  replaceStalled(thread: LaneThread): boolean {
    if (!this.#maySpend(thread) || this.#replaced.size >= mostStalled(this.config)) return false
    if (!this.#replacements.take(this.#now)) return false
    this.#replaced.add(thread)
    this.#retire(thread)
    this.#lease()
    return true
  }

  /**
   * Ends a thread whose loop is held.
   *
   * @returns false if it is ended or to leave anyway, or too many have been
   */
  endStalled(thread: LaneThread, { candidates, silent, sign }: Stall): boolean {
    if (!this.#maySpend(thread) || !this.#replacements.take(this.#now)) return false
    const { name } = this.config
    const { holders, told } = culpritsOf(candidates.map(candidate => candidate.name))
    const message = `a thread of lane '${name}' was ended because ${told} held its loop for ${Math.round(silent)} ms`
    const why = new LaneError('ERR_LANE_TERMINATED', name, message, { holders })
    // Of one that is seen by the loop's silence nobody knows for certain: what has ended may have left code behind.
    thread.terminate(why, sign === 0 ? candidates[0] : null)
    return true
  }

  #maySpend(thread: LaneThread): boolean {
    return this.#mode === 'running' && thread.isReady
  }

  /**
   * Lets the threads run their teardown and go, and ends those that have not gone by then.
   *
   * @param within milliseconds
   */
  async close(within: number): Promise<void> {
    this.#startNoMore()
    const closed = new LaneError('ERR_LANE_CLOSED', this.config.name, `lane '${this.config.name}' was closed`)
    this.#started.reject(closed)
    for (const thread of this.#threads) thread.leave()
    const stop = this.#surroundings.timers.after(within, () => {
      for (const thread of this.#threads) thread.terminate(closed)
    })
    while (this.#threads.size > 0) await this.#threadGone()
    stop()
    await this.#pool.destroy()
  }

  /** Has its threads hand over what they have written. */
  async passOutput(): Promise<void> {
    await Promise.all([...this.#threads].map(thread => thread.passOutput()))
  }

  readonly #goneListeners = new Set<() => void>()

  #threadGone(): Promise<void> {
    return new Promise(resolve => this.#goneListeners.add(resolve))
  }

  #lease(): void {
    const durations = this.figures.lend()
    const from = { pool: this.#pool, surroundings: this.#surroundings }
    const thread = new LaneThread(this.#nextNumber(), this.config, from, this.#epochOffset, durations, {
      ready: ready => this.#ready(ready),
      lost: (lost, error) => this.#lost(lost, error),
      exited: exited => this.#exited(exited),
      message: (from, message) => this.#observer.message(this, from, message),
    })
    this.#threads.add(thread)
  }

  #ready(thread: LaneThread): void {
    this.#budget.ready()
    this.#growthPause.given()
    this.figures.joined(thread)
    this.#observer.joined(this, thread)
    if (this.#mode !== 'closing') this.#idle.watch()
    if (this.#mode !== 'starting') return
    if (this.#readyThreads.length < this.config.threads.min) return
    this.#mode = 'running'
    this.#started.resolve()
  }

  #retire(thread: LaneThread): void {
    thread.retire()
    this.#retiring.add(thread)
    this.#observer.retiring(this, thread)
  }

  /**
   * No sender has anything on a thread any more that is to go. One whose tasks have submitted others that are not done could
   * not go before they are, and would keep its place from a thread that they may need: it stays.
   */
  released(thread: LaneThread): void {
    const isBusy = thread.block.isSending && this.#mode === 'running' && !this.#replaced.has(thread)
    if (!isBusy) {
      thread.leave()
      return
    }
    this.#stay(thread)
  }

  #stay(thread: LaneThread): void {
    thread.stay()
    this.#retiring.delete(thread)
    this.#observer.stays(this, thread)
    this.#idle.watch()
  }

  #lost(thread: LaneThread, error: Error): void {
    this.#observer.lost(this, thread, error)
    if (this.#mode === 'closing' || this.#retiring.has(thread)) return
    if (this.#mode === 'starting' && !thread.wasReady) {
      this.#started.reject(error)
      return
    }
    if (thread.wasRefused && this.#readyThreads.length >= this.config.threads.min) {
      if (this.#growthPause.refused(this.#now)) this.#observer.fault(this, error)
      return
    }
    if (error instanceof LaneError && error.code === 'ERR_LANE_TERMINATED') {
      this.restarts++
      this.#observer.restarts(this, thread, error, 0)
      this.#lease()
      return
    }
    const decision = this.#budget.lost(this.#now, thread.wasReady)
    if (decision.type === 'give-up') {
      const { name, restart } = this.config
      const message = `lane '${name}' lost more than ${restart.max} threads within ${restart.within} ms and is closed`
      const failure = new LaneError('ERR_LANE_FAILED', name, message, { cause: error })
      this.failure = failure
      this.#startNoMore()
      this.#started.reject(failure)
      this.#observer.failed(this, failure)
      for (const other of this.#threads) other.terminate(failure)
      return
    }
    this.restarts++
    this.#observer.restarts(this, thread, error, decision.after)
    const stopTimer = this.#surroundings.timers.after(decision.after, () => {
      this.#restartTimers.delete(stopTimer)
      this.#lease()
    })
    this.#restartTimers.add(stopTimer)
  }

  /** Lost threads that have not been replaced are not replaced any more, nor are those that are ended from now on. */
  #startNoMore(): void {
    this.#mode = 'closing'
    this.#idle.stop()
    this.#pool.replaceNoMore()
    for (const stopTimer of this.#restartTimers) stopTimer()
    this.#restartTimers.clear()
  }

  #exited(thread: LaneThread): void {
    this.#threads.delete(thread)
    this.#retiring.delete(thread)
    this.#replaced.delete(thread)
    this.figures.exited(thread)
    this.#observer.exited(this, thread)
    for (const listener of this.#goneListeners) listener()
    this.#goneListeners.clear()
  }
}

/** Whether a task that came to the thread now would start at once. */
function hasPlace({ block }: LaneThread, concurrency: number): boolean {
  return block.holder === 0 && !block.isBlocked && block.inProgress < concurrency
}

function deferred(): { resolve: () => void; reject: (error: Error) => void; promise: Promise<void> } {
  let resolve: () => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  return { resolve, reject, promise }
}
