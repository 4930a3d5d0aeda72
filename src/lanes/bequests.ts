import type { HandleName, SentOutcome } from '../bridge/lending.js'
import type { Bequest } from '../bridge/protocol/sender-to-supervisor.js'
import type { HandleNews, HolderGone } from '../bridge/protocol/supervisor-to-sender.js'

/** Who is told what has become of the tasks of senders that have left, and who has their values. */
export interface BequestsObserver {
  /** Tells one that waits what became of a task; null if that is not known. */
  outcome(watcher: number, name: HandleName, outcome: SentOutcome | null): void
  /** Tells one that waits where the value of a task is to be had. */
  done(watcher: number, name: HandleName, thread: number): void
  /** A thread need not keep the value of a task any more. */
  forget(thread: number, name: HandleName): void
}

/** A task whose submitter has left. */
interface Left extends Omit<Bequest, 'holders'> {
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
 * needed any more goes, and who was given a handle there need not know that. Values mostly are not among it: they
 * stay with the threads that made them, which keep so many and no more.
 *
 * A sender that leaves says so, and is answered. From then on what those who have its handles want of it is kept here; it
 * has had all that came before when it has the answer, and leaves its tasks as they are then. If it dies before that, it is
 * as if it had not begun.
 */
export class Bequests {
  readonly #observer: BequestsObserver
  readonly #estates = new Map<number, Estate>()

  constructor(observer: BequestsObserver) {
    this.#observer = observer
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
    for (const { holders, ...task } of tasks)
      estate.tasks.set(task.sequence, { ...task, holders: new Map(holders) })
    const { pending } = estate
    estate.pending = null
    for (const news of pending) this.#take(sender, estate, news)
  }

  /** Whether a sender has left something. */
  has(sender: number): boolean {
    return this.#estates.has(sender)
  }

  /** What is wanted of a sender. @returns false if it has left nothing, and so it is not for here */
  receive(sender: number, news: HandleNews): boolean {
    const estate = this.#estates.get(sender)
    if (estate === undefined) return false
    if (estate.pending === null) this.#take(sender, estate, news)
    else estate.pending.push(news)
    return true
  }

  /** Tells one that waits what became of a task. @returns false if that is not known here */
  tell(watcher: number, name: HandleName): boolean {
    const left = this.#estates.get(name.owner)?.tasks.get(name.sequence)
    if (left === undefined) return false
    if (left.outcome === null) this.#observer.done(watcher, name, left.thread)
    else this.#observer.outcome(watcher, name, left.outcome)
    return true
  }

  /** A thread has ended, and with it all that it was handed. What it has left stays, if it has come. */
  threadGone(gone: HolderGone): void {
    if (this.#estates.get(gone.holder)?.tasks.size === 0) this.#estates.delete(gone.holder)
    for (const sender of [...this.#estates.keys()]) this.receive(sender, gone)
  }

  #take(sender: number, { tasks }: Estate, news: HandleNews): void {
    switch (news.type) {
      case 'watched': {
        const { sequence, watcher } = news
        const name = { owner: sender, sequence }
        if (!this.tell(watcher, name)) this.#observer.outcome(watcher, name, null)
        break
      }
      case 'fetched': {
        // No thread has the value any more.
        const { sequence, watcher } = news
        const outcome = tasks.get(sequence)?.outcome ?? null
        this.#observer.outcome(watcher, { owner: sender, sequence }, outcome)
        break
      }
      case 'held': {
        const left = tasks.get(news.sequence)
        if (left === undefined) break
        const count = (left.holders.get(news.holder) ?? 0) + news.change
        if (count === 0) left.holders.delete(news.holder)
        else left.holders.set(news.holder, count)
        this.#forgetIfFree(sender, left)
        break
      }
      case 'holder-gone':
        for (const left of tasks.values())
          if (left.holders.delete(news.holder)) this.#forgetIfFree(sender, left)
        break
      case 'asked':
        // It has ended: there is nothing to cancel or to move.
        break
    }
  }

  #forgetIfFree(sender: number, { sequence, thread, holders }: Left): void {
    for (const count of holders.values()) if (count !== 0) return
    const { tasks } = this.#estates.get(sender)!
    tasks.delete(sequence)
    if (tasks.size === 0) this.#estates.delete(sender)
    if (thread !== 0) this.#observer.forget(thread, { owner: sender, sequence })
  }
}
