import type { Claim, ClaimedJob } from '../store/job-store.js'
import type { Clock } from './clock.js'

/** So much work is kept ready beyond what runs: enough to bridge a commit or two. */
const AHEAD_MS = 50
const LEAST_AHEAD = 2
/** A claim of more would hold up the jobs that are accepted meanwhile by milliseconds. */
const MOST_AHEAD = 100
/** Another owner may have put something into the store, and the wall clock may have been set. */
const LOOK_AGAIN_MS = 5000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** How much one job moves the mean. */
const WEIGHT = 0.1

export interface LaneFeedOptions {
  /** Threads times concurrency. */
  readonly slots: number
  /** Milliseconds for which a claim, and the record of an end, may take longer than a commit. */
  readonly ahead: number
  readonly clock: Clock
  readonly claim: (limit: number) => Promise<Claim>
  readonly onClaimed: (jobs: readonly ClaimedJob[]) => void
  readonly onClaimFailed: (error: unknown) => void
}

/**
 * Keeps a lane supplied with jobs out of the store.
 *
 * Only what runs and a little more, work for some 50 to 200 ms, is claimed: so a hundred thousand waiting jobs cost no memory
 * here, the store's order by priority holds to within that little, and a crash leaves few claims behind. A job that
 * arrives while there is room and nothing is known to wait needs no claim of its own: it is `reserved` and accepted as
 * claimed, in one transaction.
 *
 * The feed is always in one of these states, each a consequence of two fields:
 *
 * - *idle*: nothing waits in the store as far as is known (`#waiting` false). Left by `notify`, by a reservation that
 *   was refused, and by the timer of the next due job.
 * - *hungry*: something may wait, and there is room. Claims at once, so it lasts no longer than `#fill`.
 * - *claiming*: a claim is under way (`#claiming`). What is notified meanwhile is remembered in `#waiting`.
 * - *full*: something may wait, and there is no room. Left by `finished`.
 * - *stopped*: claims nothing more, for ever.
 */
export class LaneFeed {
  readonly #options: LaneFeedOptions
  #held = 0
  #meanDuration: number | null = null
  #waiting = true
  #claiming = false
  #started = false
  #stopped = false
  #cautious = false
  #retryDelay = 0
  #underWay: Promise<void> = Promise.resolve()
  #cancelRetry: () => void = () => {}
  #cancelTimer: () => void = () => {}
  #timerAt = Number.POSITIVE_INFINITY

  /** It claims nothing before `start`. */
  constructor(options: LaneFeedOptions) {
    this.#options = options
  }

  /** How many jobs are claimed and not finished. */
  get held(): number {
    return this.#held
  }

  /** Whether more is to be done than the lane has slots for. */
  get busy(): boolean {
    return this.#waiting || this.#held > this.#options.slots
  }

  /**
   * Begins to claim.
   *
   * @param cautious claims no more than can start at once while there is a backlog: one of its jobs may be what killed
   *   the daemon before, and what was claimed ahead then could not be told from it
   */
  start(cautious: boolean): void {
    this.#cautious = cautious
    this.#started = true
    this.#fill()
  }

  /**
   * Reserves room for jobs that arrive.
   *
   * @returns how many of them, the first ones, may be accepted as claimed; `finished` gives the room back
   */
  reserve(count: number): number {
    const free = this.#waiting || this.#claiming || this.#stopped ? 0 : this.#capacity - this.#held
    const granted = Math.max(0, Math.min(count, free))
    this.#held += granted
    return granted
  }

  /** Something was put into the store, unclaimed. @param dueAt epoch milliseconds */
  notify(dueAt: number): void {
    const { clock } = this.#options
    if (dueAt > clock.now()) {
      this.#wakeAt(dueAt)
      return
    }
    this.#waiting = true
    this.#fill()
  }

  /** A claimed job is done with, or a reservation was not used. @param duration its milliseconds of running, if it ran */
  finished(duration?: number): void {
    this.#held--
    if (duration !== undefined) {
      const mean = this.#meanDuration ?? duration
      this.#meanDuration = mean + (duration - mean) * WEIGHT
    }
    this.#fill()
  }

  /** @returns resolves when no claim is under way any more */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelRetry()
    this.#cancelTimer()
    await this.#underWay
  }

  get #ahead(): number {
    if (this.#cautious) return 0
    if (this.#meanDuration === null) return LEAST_AHEAD
    const { slots, ahead } = this.#options
    const jobs = Math.ceil((slots * (AHEAD_MS + ahead)) / Math.max(this.#meanDuration, 0.01))
    return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, jobs))
  }

  get #capacity(): number {
    return this.#options.slots + this.#ahead
  }

  #fill(): void {
    if (!this.#started || this.#stopped || this.#claiming || !this.#waiting) return
    const free = this.#capacity - this.#held
    // Claims in lots: a claim for each finished job would be a transaction for each.
    if (free < 1 || free < this.#ahead / 2) return
    this.#claiming = true
    this.#waiting = false
    this.#underWay = this.#options.claim(free).then(
      claim => this.#take(claim),
      error => this.#retryLater(error),
    )
  }

  #take(claim: Claim): void {
    this.#claiming = false
    this.#retryDelay = 0
    this.#held += claim.jobs.length
    if (claim.more) this.#waiting = true
    else this.#cautious = false
    this.#wakeAt(claim.nextDueAt ?? Number.POSITIVE_INFINITY)
    if (claim.jobs.length > 0) this.#options.onClaimed(claim.jobs)
    this.#fill()
  }

  #retryLater(error: unknown): void {
    this.#options.onClaimFailed(error)
    if (this.#stopped) return
    this.#retryDelay = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryDelay * 2))
    // Still claiming until then, so that nothing else asks a store that is in trouble.
    this.#cancelRetry = this.#options.clock.after(this.#retryDelay, () => {
      this.#claiming = false
      this.#waiting = true
      this.#fill()
    })
  }

  #wakeAt(instant: number): void {
    if (this.#stopped) return
    const { clock } = this.#options
    const now = clock.now()
    const at = Math.min(instant, now + LOOK_AGAIN_MS)
    if (this.#timerAt > now && this.#timerAt <= at) return
    this.#cancelTimer()
    this.#timerAt = at
    this.#cancelTimer = clock.after(Math.max(0, at - now), () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#waiting = true
      this.#fill()
    })
  }
}
