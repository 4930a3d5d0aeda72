import type { CallTarget } from '../core/task.js'

/** Names may be made up at will: past so many, what is known of them is forgotten. */
const MOST = 10_000

/** The functions of a lane whose tasks bring their functions along, told apart by the names of the tasks. */
export class LocalTargets {
  readonly #lane: string
  readonly #owner: object
  /** That of the task before is mostly that of the next. */
  #last: CallTarget | undefined
  readonly #targets = new Map<string, CallTarget>()

  /** @param owner keeps the lane */
  constructor(lane: string, owner: object) {
    this.#lane = lane
    this.#owner = owner
  }

  get(name: string): CallTarget {
    if (this.#last !== undefined && this.#last.name === name) return this.#last
    this.#last = this.#find(name)
    return this.#last
  }

  #find(name: string): CallTarget {
    let target = this.#targets.get(name)
    if (target === undefined) {
      if (this.#targets.size >= MOST) this.#targets.clear()
      target = { name, lane: this.#lane, owner: this.#owner, index: 0, mean: 0 }
      this.#targets.set(name, target)
    }
    return target
  }
}
