/*
 * How operations become transactions. The queue is in one of these modes:
 *
 *   idle         nothing waits. The first operation arms the queue.
 *   armed        operations gather until the end of this turn of the event loop, and leave as one group.
 *   committing   a group is on its way to the disk; what is asked for meanwhile gathers, and leaves when it is back.
 *
 * So an operation alone waits for one sync of the disk, and a thousand at once share one. A group is bounded, so that
 * none holds up the lane, or the memory, for long.
 */

export interface GroupBounds {
  readonly operations: number
  /** In characters of text, as the operations' weights add up. */
  readonly weight: number
}

export interface QueuedOperation<O, A> {
  readonly operation: O
  readonly weight: number
  readonly resolve: (answer: A) => void
  readonly reject: (error: Error) => void
}

/** @returns what to do for each operation of the group now that it has gone well or ill; never rejects */
export type CommitGroup<O, A> = (group: readonly QueuedOperation<O, A>[]) => Promise<void>

export class CommitQueue<O, A> {
  readonly #commit: CommitGroup<O, A>
  readonly #bounds: GroupBounds
  #mode: 'idle' | 'armed' | 'committing' = 'idle'
  #waiting: QueuedOperation<O, A>[] = []
  #whenIdle: (() => void)[] = []

  constructor(commit: CommitGroup<O, A>, bounds: GroupBounds) {
    this.#commit = commit
    this.#bounds = bounds
  }

  /**
   * Puts an operation into the next group.
   *
   * @param weight in characters of text
   * @returns its answer, once its group is on disk
   */
  add<Answer extends A>(operation: O, weight: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ operation, weight, resolve: resolve as (answer: A) => void, reject })
      if (this.#mode !== 'idle') return
      this.#mode = 'armed'
      setImmediate(() => this.#run())
    })
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    if (this.#mode === 'idle') return
    await new Promise<void>(resolve => {
      this.#whenIdle.push(resolve)
    })
  }

  async #run(): Promise<void> {
    this.#mode = 'committing'
    while (this.#waiting.length > 0) await this.#commit(this.#nextGroup())
    this.#mode = 'idle'
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
