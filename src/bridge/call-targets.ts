import { type CallTarget, UNKNOWN, UNRESOLVED } from '../core/task.js'

/** The functions of a lane, as far as they have been called or its threads have named them. */
export class CallTargets {
  readonly #lane: string
  readonly #owner: object
  readonly #targets = new Map<string, CallTarget>()
  #names: readonly string[] | null = null

  /** @param owner the sender */
  constructor(lane: string, owner: object) {
    this.#lane = lane
    this.#owner = owner
  }

  get(name: string): CallTarget {
    let target = this.#targets.get(name)
    if (target === undefined) {
      target = { name, lane: this.#lane, owner: this.#owner, index: UNRESOLVED, mean: 0 }
      this.#resolve(target)
      // Whatever callers make up must not be kept for ever.
      if (target.index !== UNKNOWN) this.#targets.set(name, target)
    }
    return target
  }

  /**
   * A thread of the lane has told the names of its functions, in the order of their indexes. They are those of all threads,
   * unless the module was changed while the lane ran, and a thread has been started since.
   *
   * @returns the names: for threads that have the same, one and the same list
   */
  learn(names: readonly string[]): readonly string[] {
    const known = this.#names
    if (known !== null && known.length === names.length && known.every((name, i) => name === names[i]))
      return known
    this.#names = names
    for (const target of this.#targets.values()) this.#resolve(target)
    return names
  }

  /** The index of a function on a thread, below 0 if the thread has no such function. @param names as they were learnt */
  indexOn(names: readonly string[], { name, index }: CallTarget): number {
    return names === this.#names ? index : names.indexOf(name)
  }

  #resolve(target: CallTarget): void {
    if (this.#names === null) return
    const index = this.#names.indexOf(target.name)
    target.index = index < 0 ? UNKNOWN : index
  }
}
