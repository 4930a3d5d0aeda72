import type { TurnObserver } from '../core/key-turns.js'
import type { Task } from '../core/task.js'
import { type ReportedWait, WaitBeforeStart, type WaitReports } from './wait-reports.js'

/** The sender to which tasks were submitted. */
export interface TurnContext {
  readonly environment: { readonly number: number }
  readonly reports: WaitReports
}

/**
 * The waits of tasks for the turn of their key, as far as others know of those tasks: told to the supervisor as what tasks
 * are to start after is (`OpenDependencies`), since a task may wait for another whose turn comes after its own.
 *
 * Between those that wait for a turn and the one that has it stands the key, as if it were a task: of a thousand that wait,
 * none need be told when the turn passes to the next. It is the same key whichever threads they were submitted on: who has
 * the turn is told by the thread that has the key, once tasks wait that others know of, or another thread.
 */
export class TurnWaits {
  readonly #sender: TurnContext
  readonly #waits = new Map<Task, ReportedWait>()

  constructor(sender: TurnContext) {
    this.#sender = sender
  }

  /** What the turns of a lane's keys are told to. */
  of(lane: string): TurnObserver {
    const { reports, environment } = this.#sender
    const { number } = environment
    const taken = new Map<string, ReportedWait>()
    return {
      waitsForTurn: (task, waits) => {
        if (!waits) {
          reports.end(this.#waits.get(task)!)
          this.#waits.delete(task)
          return
        }
        const { target, sequence, extras } = task
        const wait = new WaitBeforeStart(() => ({
          waiter: { owner: number, sequence, name: target.name, lane, priority: extras!.priority },
          awaited: [{ key: extras!.key!, lane }],
        }))
        this.#waits.set(task, wait)
        reports.begin(wait)
      },
      turnTaken: (key, holder) => {
        const before = taken.get(key)
        if (before !== undefined) reports.end(before)
        taken.delete(key)
        if (holder === null || holder.dead) return
        // By itself a key makes nothing more urgent than it is.
        const wait = new WaitBeforeStart(() => ({
          waiter: { key, lane, priority: holder.extras!.priority },
          awaited: [holder],
        }))
        taken.set(key, wait)
        reports.begin(wait)
      },
    }
  }
}
