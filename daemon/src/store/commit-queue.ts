/*
 * How operations become transactions. The queue is in one of these modes:
 *
 *   idle         nothing waits. The first operation arms the queue, or makes it linger if it has patience.
 *   lingering    all that waits has patience left. Left when that of one is over, or for armed when one without comes.
 *   armed        operations gather until the end of this turn of the event loop, and leave as one group.
 *   committing   a group is on its way to the disk; what is asked for meanwhile gathers. When it is back, the next one
 *                leaves, unless all that waits has patience left.
 *
 * So an operation alone waits for one sync of the disk, and a thousand at once share one. What nobody waits for goes
 * along with what somebody does: a sync takes milliseconds when every core is busy, and whoever comes meanwhile waits
 * for it. A group is bounded, so that none holds up the lane, or the memory, for long.
 */

export interface GroupBounds {
  readonly operations: number
  /** In characters of text, as the operations' weights add up. */
  readonly weight: number
}

export interface QueuedOperation<O, A> {
  readonly operation: O
  readonly weight: number
  /** When it is to leave at the latest, in milliseconds of the process's monotonic clock. */
  readonly leaveBy: number
  readonly resolve: (answer: A) => void
  readonly reject: (error: Error) => void
}

/** @returns what to do for each operation of the group now that it has gone well or ill; never rejects */
export type CommitGroup<O, A> = (group: readonly QueuedOperation<O, A>[]) => Promise<void>

export class CommitQueue<O, A> {
  readonly #commit: CommitGroup<O, A>
  readonly #bounds: GroupBounds
  #mode: 'idle' | 'lingering' | 'armed' | 'committing' = 'idle'
  #timer: NodeJS.Timeout | undefined
  #leaveBy = Number.POSITIVE_INFINITY
  #waiting: QueuedOperation<O, A>[] = []
  #whenIdle: (() => void)[] = []
  /** Somebody waits for the queue to be empty. */
  #impatient = false

  constructor(commit: CommitGroup<O, A>, bounds: GroupBounds) {
    this.#commit = commit
    this.#bounds = bounds
  }

  /**
   * Puts an operation into the next group.
   *
   * @param weight in characters of text
   * @param patience milliseconds for which it may wait for company
   * @returns its answer, once its group is on disk
   */
  add<Answer extends A>(operation: O, weight: number, patience = 0): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const leaveBy = performance.now() + patience
      this.#waiting.push({ operation, weight, leaveBy, resolve: resolve as (answer: A) => void, reject })
      if (this.#mode === 'armed' || this.#mode === 'committing') return
      if (patience <= 0) this.#arm()
      else this.#linger(leaveBy)
    })
  }

  /** Makes all that waits leave, and resolves once nothing does. */
  async idle(): Promise<void> {
    if (this.#mode === 'idle') return
    this.#impatient = true
    if (this.#mode === 'lingering') this.#arm()
    await new Promise<void>(resolve => {
      this.#whenIdle.push(resolve)
    })
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#mode = 'armed'
    setImmediate(() => this.#run())
  }

  #linger(leaveBy: number): void {
    if (this.#mode === 'lingering' && this.#leaveBy <= leaveBy) return
    clearTimeout(this.#timer)
    this.#mode = 'lingering'
    this.#leaveBy = leaveBy
    this.#timer = setTimeout(() => this.#run(), Math.max(0, leaveBy - performance.now()))
  }

  async #run(): Promise<void> {
    this.#mode = 'committing'
    let leaveBy = Number.NEGATIVE_INFINITY
    while (this.#waiting.length > 0 && (this.#impatient || leaveBy <= performance.now())) {
      await this.#commit(this.#nextGroup())
      leaveBy = this.#waiting.reduce((earliest, queued) => Math.min(earliest, queued.leaveBy), Infinity)
    }
    this.#mode = 'idle'
    if (this.#waiting.length > 0) {
      this.#linger(leaveBy)
      return
    }
    this.#impatient = false
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #nextGroup(): readonly QueuedOperation<O, A>[] {
    let count = 0
    let weight = 0
    for (const queued of this.#waiting) {
      weight += queued.weight
      // One that is over the bound by itself goes alone.
      if (count > 0 && (weight > this.#bounds.weight || count === this.#bounds.operations)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }
}
