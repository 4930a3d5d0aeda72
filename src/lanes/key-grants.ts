import { KeyShare } from '../bridge/key-share.js'
import { OWNER } from '../bridge/owner.js'
import type { KeysChanged, SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import { KeyLocks } from '../core/key-locks.js'
import type { LaneSetup } from './lane-config.js'
import type { Senders } from './senders.js'

/** The keys of one lane. */
interface GrantedLane {
  readonly locks: KeyLocks
  readonly share: KeyShare
  /** What was asked while the thread that made the scheduler was to say which keys it has; null if there is no need. */
  deferred: { readonly from: number; readonly message: KeysChanged }[] | null
  isShared: boolean
  /** The senders that have gone with keys, each with the threads on which tasks of theirs may still run. */
  readonly gone: Map<number, Set<number>>
}

/** What is to be told to one sender of the keys of one lane. */
interface News {
  readonly granted: string[]
  readonly wanted: string[]
}

/** The threads of all lanes. */
export interface KeyThreads {
  /** The numbers of those of a lane. */
  of(lane: string): Iterable<number>
  /** Has a thread say when nothing of a sender runs there any more. */
  tellGone(thread: number, sender: number): void
}

/**
 * Which thread may let tasks of which key run, on all lanes: so that tasks of a key run one after another, whoever has
 * submitted them.
 *
 * A lane goes through three states, and never back: its keys are *sole*, taken at will by the thread that made the
 * scheduler; *being shared*, from the moment at which another asks for one, until that thread has said which it has; and
 * *shared*. If it has none at that moment, they are shared at once, so that it need not be waited for.
 *
 * A sender that goes leaves tasks that run. Its keys are free when the threads on which they do have said that none
 * is left there, or have exited.
 */
export class KeyGrants {
  readonly #senders: Senders
  readonly #threads: KeyThreads
  readonly #lanes = new Map<string, GrantedLane>()
  readonly #news = new Map<string, Map<number, News>>()

  constructor(lanes: readonly LaneSetup[], senders: Senders, threads: KeyThreads) {
    this.#senders = senders
    this.#threads = threads
    for (const { name, keys } of lanes) {
      const locks = new KeyLocks({
        granted: (to, key) => this.#newsOf(name, to).granted.push(key),
        wanted: (from, key) => this.#newsOf(name, from).wanted.push(key),
      })
      const share = new KeyShare(keys)
      this.#lanes.set(name, { locks, share, deferred: null, isShared: false, gone: new Map() })
    }
  }

  /** How many keys somebody has, as far as that is known here. */
  get size(): number {
    let size = 0
    for (const { locks } of this.#lanes.values()) size += locks.size
    return size
  }

  /** @returns whether the message was about keys */
  receive(from: number, message: SenderToSupervisor): boolean {
    if (message.type === 'keys') this.#changed(from, message)
    else if (message.type === 'keys-held') {
      const lane = this.#lanes.get(message.lane)
      if (lane === undefined || lane.deferred === null) return false
      const { deferred } = lane
      lane.deferred = null
      for (const key of message.keys) lane.locks.hold(from, key)
      for (const { from, message } of deferred) this.#change(lane, from, message)
    } else return false
    this.#tell()
    return true
  }

  #changed(from: number, message: KeysChanged): void {
    const lane = this.#lanes.get(message.lane)
    if (lane === undefined) return
    if (!lane.isShared) {
      lane.isShared = true
      if (lane.share.share()) {
        lane.deferred = []
        this.#senders.tell(OWNER, { type: 'keys-shared', lane: message.lane })
      }
    }
    if (lane.deferred === null) this.#change(lane, from, message)
    else lane.deferred.push({ from, message })
  }

  #change({ locks }: GrantedLane, from: number, { released, asked }: KeysChanged): void {
    for (const key of released) locks.release(from, key)
    if (this.#senders.has(from)) for (const key of asked) locks.ask(from, key)
  }

  /** A sender has gone; none of its tasks starts any more. @param running the threads on which some may run */
  senderGone(sender: number, running: ReadonlySet<number>): void {
    for (const [name, lane] of this.#lanes) {
      if (!lane.locks.gone(sender)) continue
      const threads = new Set([...this.#threads.of(name)].filter(thread => running.has(thread)))
      lane.gone.set(sender, threads)
      for (const thread of threads) this.#threads.tellGone(thread, sender)
      this.#freeIfOver(lane, sender, threads)
    }
    this.#tell()
  }

  /** Nothing of a sender that has gone runs on a thread any more. */
  senderOver(thread: number, sender: number): void {
    for (const lane of this.#lanes.values()) {
      const threads = lane.gone.get(sender)
      if (threads?.delete(thread) === true) this.#freeIfOver(lane, sender, threads)
    }
    this.#tell()
  }

  /** A thread has exited. */
  threadGone(thread: number): void {
    for (const lane of this.#lanes.values())
      for (const [sender, threads] of lane.gone)
        if (threads.delete(thread)) this.#freeIfOver(lane, sender, threads)
    this.#tell()
  }

  #freeIfOver({ locks, gone }: GrantedLane, sender: number, threads: ReadonlySet<number>): void {
    if (threads.size > 0) return
    gone.delete(sender)
    locks.releaseAll(sender)
  }

  #newsOf(lane: string, to: number): News {
    let byNumber = this.#news.get(lane)
    if (byNumber === undefined) {
      byNumber = new Map()
      this.#news.set(lane, byNumber)
    }
    let news = byNumber.get(to)
    if (news === undefined) {
      news = { granted: [], wanted: [] }
      byNumber.set(to, news)
    }
    return news
  }

  #tell(): void {
    if (this.#news.size === 0) return
    for (const [lane, byNumber] of this.#news)
      for (const [number, news] of byNumber) this.#senders.tell(number, { type: 'keys', lane, ...news })
    this.#news.clear()
  }
}
