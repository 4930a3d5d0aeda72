/** What is told to those that have tasks with keys, by their numbers. */
export interface KeyLocksObserver {
  /** One has a key from now on. */
  granted(to: number, key: string): void
  /** One that has a key is to give it back with the next turn that ends: another waits for it. */
  wanted(from: number, key: string): void
}

interface Lock {
  holder: number
  /** In the order in which they have asked, each once. */
  readonly waiting: number[]
}

/**
 * Which of several threads has which key: one at a time, and whoever has it lets its tasks of that key run one after
 * another. Those that ask have it in the order in which they asked; who gives it back, since others want it, and has
 * more tasks of that key, asks again behind them.
 *
 * Nothing is kept of a key that nobody has.
 */
export class KeyLocks {
  readonly #observer: KeyLocksObserver
  readonly #locks = new Map<string, Lock>()

  constructor(observer: KeyLocksObserver) {
    this.#observer = observer
  }

  /** How many keys somebody has. */
  get size(): number {
    return this.#locks.size
  }

  /** Who has a key, if anybody has. */
  holderOf(key: string): number | undefined {
    return this.#locks.get(key)?.holder
  }

  /** One has had a key before anybody else could ask for it. */
  hold(who: number, key: string): void {
    this.#locks.set(key, { holder: who, waiting: [] })
  }

  ask(who: number, key: string): void {
    const lock = this.#locks.get(key)
    if (lock === undefined) {
      this.hold(who, key)
      this.#observer.granted(who, key)
      return
    }
    if (lock.holder === who || lock.waiting.includes(who)) return
    lock.waiting.push(who)
    if (lock.waiting.length === 1) this.#observer.wanted(lock.holder, key)
  }

  /** One gives a key back. Nothing happens if it does not have it. */
  release(who: number, key: string): void {
    const lock = this.#locks.get(key)
    if (lock === undefined || lock.holder !== who) return
    const next = lock.waiting.shift()
    if (next === undefined) {
      this.#locks.delete(key)
      return
    }
    lock.holder = next
    this.#observer.granted(next, key)
    if (lock.waiting.length > 0) this.#observer.wanted(next, key)
  }

  /** One has gone: it waits for nothing any more. @returns whether it still has keys */
  gone(who: number): boolean {
    let hasAny = false
    for (const { holder, waiting } of this.#locks.values()) {
      if (holder === who) hasAny = true
      const place = waiting.indexOf(who)
      if (place >= 0) waiting.splice(place, 1)
    }
    return hasAny
  }

  /** Nothing of one that has gone runs any more. */
  releaseAll(who: number): void {
    for (const [key, { holder }] of [...this.#locks]) if (holder === who) this.release(who, key)
  }
}
