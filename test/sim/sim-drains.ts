import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import type { Entry, SimSender } from './sim-sender.js'

/** Waits, in the middle of a run, for all that a sender has: what `drain()` is. */
export class SimDrains {
  readonly #detectors: Detectors
  readonly #races: Races
  /** How many have not ended. */
  open = 0

  constructor(detectors: Detectors, races: Races) {
    this.#detectors = detectors
    this.#races = races
  }

  start(sender: SimSender): void {
    const awaited: readonly Entry[] = [...sender.open]
    this.open++
    sender.sender.idle().then(() => {
      this.open--
      if (awaited.length === 0) return
      this.#races.hit('drained')
      for (const entry of awaited)
        if (!entry.task.dead) this.#detectors.fail('waits', 'it was waited for, and has not ended', { entry })
    })
  }
}
