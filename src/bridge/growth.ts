import { GrowthPolicy } from '../core/growth-policy.js'
import type { Task } from '../core/task.js'
import { SCHEDULED } from '../core/task-state.js'
import type { LaneTerms, SenderContext } from './sender-context.js'

/**
 * Asks the supervisor for one more thread while a sender's tasks wait for a lane that may grow. The sender asks,
 * because it alone knows what waits; the supervisor decides, because it alone knows which threads there are.
 */
export class Growth {
  readonly #lane: string
  readonly #context: SenderContext
  readonly #ready: Iterable<Task>
  readonly #policy: GrowthPolicy

  /** @param ready the tasks that are not sent and might run now */
  constructor({ name, threads }: LaneTerms, context: SenderContext, ready: Iterable<Task>) {
    this.#lane = name
    this.#context = context
    this.#ready = ready
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
    for (const task of this.#ready) {
      oldest = Math.min(oldest, waitingSince(task))
      if (oldest <= enough) return oldest
    }
    const { sent } = this.#context
    for (const { id, task } of sent.of(this.#lane)) {
      if (!task.dead && sent.table.state(id) === SCHEDULED) oldest = Math.min(oldest, waitingSince(task))
    }
    return oldest
  }
}

function waitingSince({ submitted, extras }: Task): number {
  return extras === null ? submitted : Math.max(submitted, extras.notBefore)
}
