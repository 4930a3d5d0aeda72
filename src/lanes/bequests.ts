import type { HandleName, SentOutcome } from '../bridge/lending.js'
import type { Bequest } from '../bridge/protocol/sender-to-supervisor.js'
import type { HandleNews, HolderGone } from '../bridge/protocol/supervisor-to-sender.js'

/** A task whose submitter has left. */
interface Left {
  readonly outcome: SentOutcome
  readonly holders: Map<number, number>
}

/** What a sender leaves. */
interface Estate {
  readonly tasks: Map<number, Left>
  /** What came for the sender after it was told that nothing would; null once the tasks are there. */
  pending: HandleNews[] | null
}

/**
 * What became of the tasks of senders that have left, for as long as anybody has their handles: a thread that is not
 * needed any more goes, and who was given a handle there need not know that.
 *
 * A sender that leaves says so, and is answered. From then on what those who have its handles want of it is kept here; it
 * has had all that came before when it has the answer, and leaves its tasks as they are then. If it dies before that, it is
 * as if it had not begun.
 */
export class Bequests {
  readonly #answer: (watcher: number, name: HandleName, outcome: SentOutcome | null) => void
  readonly #estates = new Map<number, Estate>()

  /** @param answer tells one that waits what became of a task; null if that is not known */
  constructor(answer: (watcher: number, name: HandleName, outcome: SentOutcome | null) => void) {
    this.#answer = answer
  }

  /** For how many tasks there are handles of which the submitter has left. */
  get size(): number {
    let size = 0
    for (const { tasks } of this.#estates.values()) size += tasks.size
    return size
  }

  /** A sender leaves. */
  expect(sender: number): void {
    if (!this.#estates.has(sender)) this.#estates.set(sender, { tasks: new Map(), pending: [] })
  }

  /** What it leaves has come. */
  fill(sender: number, tasks: readonly Bequest[]): void {
    const estate = this.#estates.get(sender)
    if (estate === undefined || estate.pending === null) return
    for (const { sequence, outcome, holders } of tasks)
      estate.tasks.set(sequence, { outcome, holders: new Map(holders) })
    const { pending } = estate
    estate.pending = null
    for (const news of pending) this.#take(sender, estate, news)
  }

  /** What is wanted of a sender. @returns false if it has left nothing, and so it is not for here */
  receive(sender: number, news: HandleNews): boolean {
    const estate = this.#estates.get(sender)
    if (estate === undefined) return false
    if (estate.pending === null) this.#take(sender, estate, news)
    else estate.pending.push(news)
    return true
  }

  /** What became of a task, if its submitter has left. */
  outcomeOf({ owner, sequence }: HandleName): SentOutcome | undefined {
    return this.#estates.get(owner)?.tasks.get(sequence)?.outcome
  }

  /** A thread has ended, and with it all that it was handed. What it has left stays, if it has come. */
  threadGone(gone: HolderGone): void {
    if (this.#estates.get(gone.holder)?.tasks.size === 0) this.#estates.delete(gone.holder)
    for (const sender of [...this.#estates.keys()]) this.receive(sender, gone)
  }

  #take(sender: number, { tasks }: Estate, news: HandleNews): void {
    switch (news.type) {
      case 'watched':
      case 'fetched': {
        const { sequence, watcher } = news
        this.#answer(watcher, { owner: sender, sequence }, tasks.get(sequence)?.outcome ?? null)
        break
      }
      case 'held': {
        const left = tasks.get(news.sequence)
        if (left === undefined) break
        const count = (left.holders.get(news.holder) ?? 0) + news.change
        if (count === 0) left.holders.delete(news.holder)
        else left.holders.set(news.holder, count)
        this.#forgetIfFree(sender, news.sequence, left)
        break
      }
      case 'holder-gone':
        for (const [sequence, left] of tasks)
          if (left.holders.delete(news.holder)) this.#forgetIfFree(sender, sequence, left)
        break
      case 'asked':
        // It has ended: there is nothing to cancel or to move.
        break
    }
  }

  #forgetIfFree(sender: number, sequence: number, { holders }: Left): void {
    for (const count of holders.values()) if (count !== 0) return
    const { tasks } = this.#estates.get(sender)!
    tasks.delete(sequence)
    if (tasks.size === 0) this.#estates.delete(sender)
  }
}
