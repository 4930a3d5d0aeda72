import { encodeError } from '../bridge/error-codec.js'
import type { HandleName, SentOutcome } from '../bridge/lending.js'
import type { OutcomeWatched, SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import type { OutcomeUnwanted } from '../bridge/protocol/supervisor-to-lane.js'
import type { HandleNews, WatcherCame } from '../bridge/protocol/supervisor-to-sender.js'
import { LaneError } from '../core/errors.js'
import { FAILED } from '../core/task-state.js'
import { Bequests } from './bequests.js'
import type { Senders } from './senders.js'

/** As much of a lane thread as is to be told of handles. */
export interface ToldThread {
  tell(message: OutcomeUnwanted): void
}

/**
 * What senders tell each other of handles, by way of the supervisor: who has which, who waits for which, and what became
 * of tasks that no thread can tell of itself. Values are not among it unless the thread that made them has gone, or has not
 * kept them.
 */
export class HandleRoutes {
  readonly #senders: Senders
  /** A lane thread that is there, though it may never have submitted a task. */
  readonly #find: (thread: number) => ToldThread | undefined
  /** The senders that wait for a task, by its name. */
  readonly #watchers = new Map<string, { readonly name: HandleName; readonly numbers: Set<number> }>()
  readonly #bequests = new Bequests({
    outcome: (watcher, name, outcome) => this.#tell(watcher, name, outcome),
    done: (watcher, name, thread) => this.#tellDone(watcher, name, thread),
    forget: (thread, name) => this.#find(thread)?.tell({ type: 'forget', ...name }),
  })

  constructor(senders: Senders, find: (thread: number) => ToldThread | undefined) {
    this.#senders = senders
    this.#find = find
  }

  /** For how many tasks somebody waits, or has the handle when their submitter has left. */
  get size(): number {
    return this.#watchers.size + this.#bequests.size
  }

  /** @returns whether the message was about a handle */
  receive(from: number, message: SenderToSupervisor): boolean {
    switch (message.type) {
      case 'watch':
        this.#watch(from, message)
        return true
      case 'unwatch':
        this.#unwatch(from, message)
        return true
      case 'fetch':
        this.#askOwner(from, message, 'fetched')
        return true
      case 'lent': {
        const { owner, sequence, to, change } = message
        if (this.#find(to) !== undefined) this.#forward(owner, { type: 'held', sequence, holder: to, change })
        return true
      }
      case 'returned':
        for (let i = 0; i + 2 < message.handles.length; i += 3) {
          const [owner, sequence, times] = message.handles.slice(i, i + 3) as [number, number, number]
          this.#forward(owner, { type: 'held', sequence, holder: from, change: -times })
        }
        return true
      case 'unwanted':
        this.#find(message.thread)?.tell({ type: 'forget', owner: from, sequence: message.sequence })
        return true
      case 'ask': {
        const { owner, type: _, ...asked } = message
        this.#forward(owner, { ...asked, type: 'asked' })
        return true
      }
      case 'done': {
        const { sequence, watcher, thread } = message
        this.#tellDone(watcher, { owner: from, sequence }, thread)
        return true
      }
      case 'outcome':
        this.#tell(message.watcher, { owner: from, sequence: message.sequence }, message.outcome)
        return true
      case 'gone':
        this.#tell(message.watcher, { owner: from, sequence: message.sequence }, null)
        return true
      case 'submitter-leaves':
        this.#bequests.expect(from)
        this.#senders.tell(from, { type: 'all-forwarded' })
        return true
      case 'bequeathed':
        this.#bequests.fill(from, message.tasks)
        return true
      default:
        return false
    }
  }

  /** The supervisor has decided the outcome of a task. @param outcome made only if somebody waits for it */
  decided(name: HandleName, outcome: () => SentOutcome): void {
    const watched = this.#watchers.get(keyOf(name))
    if (watched === undefined) return
    const made = outcome()
    for (const number of watched.numbers) this.#tell(number, name, made)
  }

  /**
   * A thread has ended: it holds nothing any more, waits for nothing, and nothing that it submitted goes on. What it has
   * left behind stays known.
   *
   * @returns whether it has left something
   */
  threadGone(thread: number): boolean {
    for (const [key, { name, numbers }] of this.#watchers) {
      numbers.delete(thread)
      if (name.owner === thread) {
        const message = 'the thread that had submitted the task has ended'
        const error = encodeError(new LaneError('ERR_LANE_CLOSED', '', message))
        const lost = { state: FAILED, value: error, started: 0, ended: 0 }
        for (const number of numbers) if (!this.#bequests.tell(number, name)) this.#tell(number, name, lost)
        numbers.clear()
      }
      if (numbers.size === 0) this.#watchers.delete(key)
    }
    const gone = { type: 'holder-gone', holder: thread } as const
    this.#bequests.threadGone(gone)
    this.#senders.tellAll(gone)
    return this.#bequests.has(thread)
  }

  #watch(from: number, { owner, sequence, start }: OutcomeWatched): void {
    const name = { owner, sequence }
    if (!this.#askOwner(from, name, 'watched', start)) return
    const watched = this.#watchers.get(keyOf(name))
    if (watched === undefined) this.#watchers.set(keyOf(name), { name, numbers: new Set([from]) })
    else watched.numbers.add(from)
  }

  #unwatch(from: number, name: HandleName): void {
    const key = keyOf(name)
    const numbers = this.#watchers.get(key)?.numbers
    if (numbers?.delete(from) && numbers.size === 0) this.#watchers.delete(key)
  }

  #askOwner(from: number, { owner, sequence }: HandleName, type: WatcherCame['type'], start?: true): boolean {
    const isThere = this.#forward(owner, { type, sequence, watcher: from, ...(start && { start }) })
    if (!isThere) this.#tell(from, { owner, sequence }, null)
    return isThere
  }

  /** @returns false if the submitter has gone, and has left nothing */
  #forward(owner: number, news: HandleNews): boolean {
    if (this.#bequests.receive(owner, news)) return true
    this.#senders.tell(owner, news)
    return this.#senders.has(owner)
  }

  #tellDone(watcher: number, { owner, sequence }: HandleName, thread: number): void {
    this.#senders.tell(watcher, { type: 'done', owner, sequence, thread })
  }

  #tell(watcher: number, { owner, sequence }: HandleName, outcome: SentOutcome | null): void {
    this.#senders.tell(watcher, { type: 'outcome', owner, sequence, outcome })
  }
}

function keyOf({ owner, sequence }: HandleName): string {
  return `${owner}:${sequence}`
}
