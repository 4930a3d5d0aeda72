import type { KeySource, KeyTurns } from '../core/key-turns.js'
import { KeyShare } from './key-share.js'
import { OWNER } from './owner.js'
import type { KeyNews } from './protocol/supervisor-to-sender.js'
import type { LaneTerms, SenderContext } from './sender-context.js'

/** What a lane's keys need of their sender. */
export interface KeyMeans {
  /** Whose turn it is among its own tasks. */
  turns(): KeyTurns
  /** `flush` is to be called at the end of the turn. */
  queueFlush(): void
}

/**
 * The keys of a lane as one of its submitters has them. As long as no thread of a lane has tasks with keys there, the
 * thread that made the scheduler takes what keys it likes; from then on each of them asks the supervisor, at the end of
 * the turn and for all keys at once.
 */
export class LaneKeys implements KeySource {
  readonly #context: SenderContext
  readonly #lane: string
  readonly #means: KeyMeans
  readonly #share: KeyShare
  #isShared: boolean
  #asked: string[] = []
  #released: string[] = []

  constructor(context: SenderContext, { name, keys }: LaneTerms, means: KeyMeans) {
    this.#context = context
    this.#lane = name
    this.#means = means
    this.#share = new KeyShare(keys)
    this.#isShared = context.environment.number !== OWNER
  }

  acquire(key: string): boolean {
    if (!this.#isShared) {
      if (this.#share.take()) return true
      this.#isShared = true
    }
    this.#asked.push(key)
    this.#means.queueFlush()
    return false
  }

  release(key: string): void {
    if (!this.#isShared) {
      this.#share.giveBack()
      return
    }
    this.#released.push(key)
    this.#means.queueFlush()
  }

  /** Tells the supervisor which keys are given back, and which are asked for. */
  flush(): void {
    if (this.#asked.length === 0 && this.#released.length === 0) return
    // A key may be given back and asked for in one turn; never the other way round.
    this.#context.tell({ type: 'keys', lane: this.#lane, released: this.#released, asked: this.#asked })
    this.#released = []
    this.#asked = []
  }

  /** Takes what the supervisor tells of keys. */
  receive(news: KeyNews): void {
    const turns = this.#means.turns()
    if (news.type === 'keys-shared') {
      this.#isShared = true
      this.#context.tell({ type: 'keys-held', lane: this.#lane, keys: [...turns.held()] })
      return
    }
    for (const key of news.granted) if (!turns.granted(key)) this.#context.stray()
    for (const key of news.wanted) turns.wanted(key)
  }
}
