import type { ThreadBlock } from '../bridge/thread-block.js'

/** As much of a lane thread as is needed to see whether its loop turns. */
export interface SilentThread {
  readonly block: ThreadBlock
  /** Milliseconds that its loop has slept so far, since nothing was there to be done; undefined if that is not known. */
  readonly slept: number | undefined
  /** Has its loop show in the block that it turns. @returns how many such signs it has been asked for */
  askForSign(): number
}

/**
 * Whether the loop of one thread turns.
 *
 * One that sleeps now and then turns, and so does one on which tasks start: both can be seen from outside, and nobody is
 * woken for it. A loop that does neither may be busy with short turns, or be held by one of its tasks after the first
 * `await` of that, or by what tasks have left behind, which nothing tells: so it is asked for a sign of life, which takes it
 * one turn.
 */
export class LoopSilence {
  readonly #thread: SilentThread
  #slept: number | undefined
  #started = 0
  #asked: { readonly sign: number; readonly at: number } | null = null

  constructor(thread: SilentThread) {
    this.#thread = thread
  }

  /** The sign that it owes; 0 if it owes none. */
  get sign(): number {
    return this.#asked?.sign ?? 0
  }

  /** It is known what it does: a silence begins anew after that. */
  forget(): void {
    this.#asked = null
  }

  /** What it owes since before the present instant is not to be judged by that. */
  postpone(now: number): void {
    if (this.#asked !== null) this.#asked = { ...this.#asked, at: now }
  }

  /**
   * To be called again and again.
   *
   * @param now the present instant
   * @returns for how many milliseconds at least it has been silent; 0 if it turns, as far as is known
   */
  look(now: number): number {
    const { block, slept } = this.#thread
    const { started } = block
    // Where that is not known, a loop without tasks is taken to sleep: to ask it would wake it.
    const hasSlept = slept === undefined ? block.inProgress + block.waiting === 0 : slept !== this.#slept
    const hasTurned = hasSlept || started !== this.#started
    this.#slept = slept
    this.#started = started
    if (hasTurned || (this.#asked !== null && block.signs >= this.#asked.sign)) {
      this.#asked = null
      return 0
    }
    this.#asked ??= { sign: this.#thread.askForSign(), at: now }
    return now - this.#asked.at
  }
}
