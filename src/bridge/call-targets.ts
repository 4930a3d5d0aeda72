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

  /** The names there are; none before a thread was ready. */
  get names(): readonly string[] {
    return this.#names ?? []
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

  /** A thread of the lane has told the names of its functions, in the order of their indexes. */
  learn(names: readonly string[]): void {
    this.#names = names
    for (const target of this.#targets.values()) this.#resolve(target)
  }

  #resolve(target: CallTarget): void {
    if (this.#names === null) return
    const index = this.#names.indexOf(target.name)
    target.index = index < 0 ? UNKNOWN : index
  }
}
