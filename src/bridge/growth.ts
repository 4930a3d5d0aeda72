import type { Backlog } from '../core/backlog.js'
import { GrowthPolicy } from '../core/growth-policy.js'
import type { LaneTerms, SenderContext } from './sender-context.js'

/**
 * Asks the supervisor for one more thread while a sender's tasks wait for a lane that may grow. The sender asks,
 * because it alone knows what waits; the supervisor decides, because it alone knows which threads there are.
 */
export class Growth {
  readonly #lane: string
  readonly #context: SenderContext
  readonly #backlog: Backlog
  readonly #policy: GrowthPolicy

  /** @param backlog the tasks that are not sent */
  constructor({ name, threads }: LaneTerms, context: SenderContext, backlog: Backlog) {
    this.#lane = name
    this.#context = context
    this.#backlog = backlog
    this.#policy = new GrowthPolicy(threads.max)
  }

  /**
   * All that there was credit for has been sent.
   *
   * @param threads how many threads the sender knows of
   * @param open whether any of its tasks is ready or sent
   */
  flushed(threads: number, open: boolean): void {
    this.#lookAt(this.#policy.flushed(this.#context.environment.clock.now(), threads, open))
  }

  #lookAt(instant: number): void {
    if (instant !== Number.POSITIVE_INFINITY) this.#context.reminders.add(instant, this.#look)
  }

  readonly #look = (): void => {
    const { grow, lookAt } = this.#policy.look(this.#context.environment.clock.now(), this.#oldestWaiting)
    if (grow) this.#context.tell({ type: 'grow', lane: this.#lane })
    this.#lookAt(lookAt)
  }

  /**
   * Stops at the first that has waited for long enough. When none has, all there are came since the look before, so
   * that each task is gone past once or twice in all.
   */
  readonly #oldestWaiting = (enough: number): number => {
    let oldest = Number.POSITIVE_INFINITY
    for (const task of this.#backlog.readyTasks()) {
      oldest = Math.min(oldest, task.since)
      if (oldest <= enough) return oldest
    }
    const { sent } = this.#context
    for (const task of sent.unstarted(this.#lane)) oldest = Math.min(oldest, task.since)
    return oldest
  }
}
