import { type Detectors, describe } from './detectors.js'
import { findJam } from './queue-jam.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimWorld } from './sim-world.js'
import type { Detector } from './violation.js'

/** So many steps without faults must be enough for all that there is. */
const LIVENESS_STEPS = 20_000
/** And so many milliseconds. */
const LIVENESS_MS = 60_000

/** Who minds what has not ended. */
const DETECTOR_OF: Readonly<Record<string, Detector>> = {
  'its slots': 'slots',
  'its waits': 'waits',
  'its edges': 'edges',
  'its orphans': 'orphans',
  'its handles': 'handles',
  'its kept outcomes': 'handles',
  'its retirements': 'retirements',
}

/** Whether what must come by itself does, once there are no faults any more. */
export class Liveness {
  readonly #world: SimWorld
  readonly #detectors: Detectors
  readonly #scheduler: SimScheduler
  readonly #settle: () => Promise<void>
  readonly #cancel: ((entry: Entry) => void) | null

  /**
   * @param settle lets promises be told of
   * @param cancel cancels a task, as a limit of it would; left out where nothing waits for room
   */
  constructor(
    world: SimWorld,
    detectors: Detectors,
    scheduler: SimScheduler,
    settle: () => Promise<void>,
    cancel: ((entry: Entry) => void) | null = null,
  ) {
    this.#cancel = cancel
    this.#world = world
    this.#detectors = detectors
    this.#scheduler = scheduler
    this.#settle = settle
  }

  /** @throws Violation if it does not come to be so */
  async until(what: string, isSo: () => boolean): Promise<void> {
    let { steps } = this.#world
    let since = this.#world.now()
    await this.#settle()
    while (!isSo()) {
      const moved = this.#world.step(since + LIVENESS_MS)
      await this.#settle()
      this.#detectors.afterStep()
      if (moved && this.#world.steps - steps < LIVENESS_STEPS) continue
      if (isSo()) return
      const jammed = this.#cancel !== null && what === 'its tasks' ? findJam(this.#scheduler) : undefined
      if (jammed !== undefined) {
        this.#cancel!(jammed)
        steps = this.#world.steps
        since = this.#world.now()
        continue
      }
      const isClose = what === 'its close()' || this.#scheduler.livingSenders.some(isHalfOpen)
      const detector = isClose ? 'close' : (DETECTOR_OF[what] ?? 'hung')
      this.#detectors.fail(detector, `without faults ${what} did not end: ${this.#leftOver()}`)
    }
  }

  #leftOver(): string {
    const { living, livingSenders } = this.#scheduler
    const entries = everySender(this.#scheduler).flatMap(({ open, actor }) => (actor.dead ? [] : [...open]))
    const slots = livingSenders.map(({ sender }) => sender.sent.table.inUse).join(' and ')
    const threads = living.map(
      ({ id, lane, phase, waiting }) => `thread ${id} of ${lane} ${phase}, ${waiting} wait`,
    )
    return [
      ...entries.slice(0, 10).map(entry => `${describe(entry)} at ${entry.task.id}`),
      `${slots} slots`,
      ...threads,
    ].join('; ')
  }
}

/** All there have ever been. */
export function everySender({ ownedSenders, threadSenders }: SimScheduler): SimSender[] {
  return [...ownedSenders, ...threadSenders]
}

/** Whether a connection is closed on its thread's side alone. */
export function isHalfOpen({ links }: SimSender): boolean {
  for (const port of links.keys()) if (port.peer.isClosedHere && !port.isClosedHere) return true
  return false
}
