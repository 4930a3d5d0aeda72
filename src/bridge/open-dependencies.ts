import type { AwaitedTask, DependencyTeller } from '../core/dependencies.js'
import { acrossLanes } from '../core/lane-rank.js'
import type { Task } from '../core/task.js'
import { TaskEnd } from '../core/task-end.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import { TurnWaits } from './turn-waits.js'
import { WaitBeforeStart, type WaitReports } from './wait-reports.js'

/** The sender to which tasks were submitted. */
export interface DependencyContext {
  readonly environment: { readonly number: number }
  readonly reports: WaitReports
  lane(name: string): {
    readonly terms: { readonly rank: number }
    readonly sight: { know(task: Task): void }
  }
  tell(message: SenderToSupervisor): void
}

/**
 * What tasks that were submitted here are to start after. It is told to the supervisor as a wait is, if it lasts, and if
 * it could make a difference:
 *
 * - others may wait for the dependant: its handle was given to another thread, it is waited for in a task here, or
 *   another that is told of is to start after it. Then it may be in a cycle, and may hand on what it inherits;
 * - it is more urgent than one of those that it is to start after.
 *
 * Of a million tasks that start one after another, none of which anybody else knows, nothing is told.
 */
export class OpenDependencies {
  /** The waits of tasks that were submitted here for the turns of their keys. */
  readonly turns: TurnWaits
  readonly #sender: DependencyContext

  constructor(sender: DependencyContext) {
    this.#sender = sender
    this.turns = new TurnWaits(sender)
  }

  /** A task was submitted that is to start after others. */
  submitted(task: Task): void {
    if (this.#isPressing(task)) this.heed(task)
  }

  /** Others know of a task from now on. */
  heed(task: Task): void {
    const { extras } = task
    if (extras !== null && extras.key !== null && !extras.isKnown && !task.dead)
      this.#sender.lane(task.target.lane).sight.know(task)
    const dependencies = extras?.dependencies ?? null
    if (dependencies === null || dependencies.teller !== null || dependencies.failed !== null) return
    const told = new ToldDependencies(this.#sender.reports)
    for (const awaited of dependencies) {
      const known = awaited instanceof TaskEnd ? awaited.taskOf(this.#sender) : undefined
      // One of another scheduler knows nothing of the tasks of this one.
      if (known !== undefined) told.begin(awaited, this.#tie(task, known))
    }
    dependencies.teller = told
  }

  #tie({ target, sequence, extras }: Task, awaited: Task): WaitBeforeStart {
    const owner = this.#sender.environment.number
    const { name, lane } = target
    return new WaitBeforeStart(() => ({
      waiter: { owner, sequence, name, lane, priority: extras!.priority },
      awaited: [awaited],
    }))
  }

  /** A task has another priority of its own. */
  moved(task: Task): void {
    const { dependencies, priority } = task.extras!
    if (dependencies === null) return
    const { sequence } = task
    if (dependencies.teller === null) this.submitted(task)
    else this.#sender.tell({ type: 'reprioritized', sequence, priority })
  }

  #rankOf(lane: string): number {
    return this.#sender.lane(lane).terms.rank
  }

  #isPressing({ target, extras }: Task): boolean {
    const own = acrossLanes(this.#rankOf(target.lane), extras!.priority)
    for (const awaited of extras!.dependencies ?? []) {
      const task = awaited instanceof TaskEnd ? awaited.taskOf(this.#sender) : undefined
      if (task === undefined) continue
      const { lane } = task.target
      if (own > acrossLanes(this.#rankOf(lane), task.extras?.priority ?? 0)) return true
    }
    return false
  }
}

/** What is told of one dependant. */
class ToldDependencies implements DependencyTeller {
  readonly #reports: WaitReports
  readonly #ties = new Map<AwaitedTask, WaitBeforeStart>()

  constructor(reports: WaitReports) {
    this.#reports = reports
  }

  begin(awaited: AwaitedTask, tie: WaitBeforeStart): void {
    this.#ties.set(awaited, tie)
    this.#reports.begin(tie)
  }

  ended(awaited: AwaitedTask): void {
    const tie = this.#ties.get(awaited)
    if (tie === undefined) return
    this.#ties.delete(awaited)
    this.#reports.end(tie)
  }

  over(): void {
    for (const tie of this.#ties.values()) this.#reports.end(tie)
    this.#ties.clear()
  }
}
