import { Random } from '../support/random.js'

/** One for which no seed that was kept before has any of it: each of those is still the run it was. */
const SALT = 6285

/** What the tasks of a run do beside what all do that submit others. It has chances of its own, so that it changes no others. */
export class NestingExtras {
  readonly random: Random
  /** How likely one that has others do a part of it has them do so by a map. */
  readonly maps: number
  /** How likely what a task submits is to start after others that the same thread has submitted. */
  readonly after: number
  /** How likely a wait is a synchronous one, where it can be. */
  readonly blocks: number

  constructor(seed: number) {
    this.random = new Random(seed + SALT)
    const isOff = !this.random.chance(0.5)
    const share = (): number => (isOff ? 0 : this.random.pick([0, 0.2, 0.6]))
    this.maps = share()
    this.after = share()
    this.blocks = share()
  }

  chance(probability: number): boolean {
    return probability > 0 && this.random.chance(probability)
  }
}
