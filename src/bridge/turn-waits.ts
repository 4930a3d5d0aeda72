import type { TurnObserver } from '../core/key-turns.js'
import type { Task } from '../core/task.js'
import type { WaitingKey } from './protocol/sender-to-supervisor.js'
import { ReportedWait, type WaitReports, type WaitSaid } from './wait-reports.js'

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
        if (waits) {
          const wait = new TurnWait(number, task)
          this.#waits.set(task, wait)
          reports.begin(wait)
        } else {
          reports.end(this.#waits.get(task)!)
          this.#waits.delete(task)
        }
      },
      turnTaken: (key, holder) => {
        const before = taken.get(key)
        if (before !== undefined) reports.end(before)
        taken.delete(key)
        if (holder === null || holder.dead) return
        const wait = new TurnTaken({ key, lane }, holder)
        taken.set(key, wait)
        reports.begin(wait)
      },
    }
  }
}

/** A task waits for the turn of its key. */
class TurnWait extends ReportedWait {
  readonly #owner: number
  readonly #task: Task

  constructor(owner: number, task: Task) {
    super()
    this.#owner = owner
    this.#task = task
  }

  say(): WaitSaid {
    const { target, sequence, extras } = this.#task
    const { name, lane } = target
    return {
      kind: 'after',
      waiter: { owner: this.#owner, sequence, name, lane, priority: extras!.priority },
      awaited: [{ key: extras!.key!, lane }],
    }
  }

  /** Somebody waits for the task, and is refused that. */
  refuse(): void {}
}

/** A task has the turn of a key that others wait for. */
class TurnTaken extends ReportedWait {
  readonly #key: WaitingKey
  readonly #holder: Task

  constructor(key: WaitingKey, holder: Task) {
    super()
    this.#key = key
    this.#holder = holder
  }

  say(): WaitSaid {
    // By itself a key makes nothing more urgent than it is.
    const { priority } = this.#holder.extras!
    return { kind: 'after', waiter: { ...this.#key, priority }, awaited: [this.#holder] }
  }

  refuse(): void {}
}
