import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** The tasks of threads that have died: none of them begins once the supervisor knows, and those that run are to stop. */
export class Orphans {
  readonly #races: Races
  readonly #detectors: Detectors
  /** Those whose senders the supervisor is about to forget. */
  readonly #leaving = new Set<SimSender>()

  constructor(races: Races, detectors: Detectors) {
    this.#races = races
    this.#detectors = detectors
  }

  clear(): void {
    this.#leaving.clear()
  }

  /** The supervisor begins to forget a sender. */
  forgets(sender: SimSender | undefined): void {
    if (sender !== undefined) this.#leaving.add(sender)
  }

  /** Called when nobody is in the middle of something. */
  afterStep({ supervisorActor }: SimScheduler): void {
    for (const sender of this.#leaving) {
      // It has died on the way, and nothing more comes of it.
      if (!supervisorActor.dead) sender.isForgotten = true
      this.#leaving.delete(sender)
    }
  }

  began(entry: Entry, thread: SimThread): void {
    const { sender } = entry
    if (!sender.actor.dead) return
    this.#races.hit('began after its submitter had died')
    if (sender.isForgotten)
      this.#detectors.fail('orphans', 'it begins, and its submitter is known to be dead', { entry, thread })
  }

  /** What must be so when nothing is left to happen but timers. */
  checkQuiet({ living }: SimScheduler): void {
    for (const thread of living) {
      if (thread.actor.parked || thread.isCutOff || thread.terminated) continue
      for (const entry of this.#detectors.runningOn(thread)) {
        if (!entry.sender.isForgotten) continue
        if (!thread.hasAborted(entry.sender.number, entry.task.sequence))
          this.#detectors.fail('orphans', 'its submitter is known to be dead, and it was not told to stop', {
            entry,
            thread,
          })
        this.#races.hit('orphan told to stop')
      }
    }
  }

  /** Those whose code runs on, or waits. */
  running({ living }: SimScheduler): Entry[] {
    return living.flatMap(thread =>
      [...this.#detectors.runningOn(thread)].filter(({ sender }) => sender.actor.dead),
    )
  }
}
