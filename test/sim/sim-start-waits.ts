import { whenStarted } from '#src/lanes/task-waits.js'
import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import type { Entry } from './sim-sender.js'

/** Waits for the start of tasks: what `task.wait({ for: 'RUNNING' })` is. */
export class SimStartWaits {
  readonly #detectors: Detectors
  readonly #races: Races
  /** How many have not ended. */
  open = 0

  constructor(detectors: Detectors, races: Races) {
    this.#detectors = detectors
    this.#races = races
  }

  start(entry: Entry): void {
    const { task, lane } = entry
    const wasOpen = !task.dead
    this.open++
    whenStarted(task, lane.sight).then(hasStarted => {
      this.open--
      if (wasOpen) this.#races.hit(hasStarted ? 'start awaited' : 'start awaited in vain')
      const wrong = (message: string): never => this.#detectors.fail('waits', message, { entry })
      if (hasStarted && entry.claims === 0) wrong('its start is answered, and no thread has claimed it')
      if (!hasStarted && entry.claims > 0) wrong('it is answered that it never started')
      if (!hasStarted && !task.dead) wrong('it is answered that it never will, and may')
    })
  }
}
