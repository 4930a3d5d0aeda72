import { Dependencies } from '#src/core/dependencies.js'
import { TaskEnd } from '#src/core/task-end.js'
import { Random } from '../support/random.js'
import type { NestingExtras } from './nesting-extras.js'
import { type Entry, type SimSender, WAITING_KINDS } from './sim-sender.js'

/** One for which no seed that was kept before there was `after` has any: each of those is still the run it was. */
const SALT = 2

/** Which tasks of a run are to start after others. It has chances of its own, so that they change no others. */
export class SimDependencies {
  readonly #random: Random
  /** How likely a task waits for others. */
  readonly #chance: number
  readonly #ends = new WeakMap<Entry, TaskEnd>()

  constructor(seed: number) {
    this.#random = new Random(seed + SALT)
    this.#chance = this.#random.chance(0.4) ? this.#random.pick([0.1, 0.5]) : 0
  }

  /** What a new task is to start after: mostly nothing, rather what has not ended. */
  choose({ open, entries }: SimSender): readonly Entry[] {
    if (this.#chance === 0 || entries.length === 0 || !this.#random.chance(this.#chance)) return []
    const count = 1 + this.#random.below(this.#random.pick([1, 3]))
    return Array.from({ length: count }, () => {
      const among = open.size > 0 && this.#random.chance(0.8) ? [...open] : entries
      return this.#random.chance(0.5) ? among.at(-1)! : this.#random.pick(among)
    })
  }

  /**
   * What a task is to start after that another submits: none that waits for others, since one of those might wait for it.
   */
  chooseNested({ entries }: SimSender, extras: NestingExtras): readonly Entry[] {
    const { random, after } = extras
    if (!extras.chance(after)) return []
    const last = entries.slice(-8).filter(({ kind }) => !WAITING_KINDS.has(kind))
    if (last.length === 0) return []
    return Array.from({ length: random.pick([1, 1, 2]) }, () => random.pick(last))
  }

  of(entries: readonly Entry[]): Dependencies {
    return new Dependencies(entries.map(entry => this.#endOf(entry)))
  }

  /** Mostly the same for all that wait for the task. */
  #endOf(entry: Entry): TaskEnd {
    const known = this.#ends.get(entry)
    if (known !== undefined && this.#random.chance(0.8)) return known
    const end = new TaskEnd(entry.task)
    this.#ends.set(entry, end)
    return end
  }
}
