import type { HandleName } from '../bridge/lending.js'
import { OpenDependencies } from '../bridge/open-dependencies.js'
import type { SenderToSupervisor, WaitTold } from '../bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { TaskWait, WaitReports } from '../bridge/wait-reports.js'
import { DeadlockError } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import { WaitWatch } from './wait-watch.js'

/** The number of the one submitter there is. */
const OWNER = 0

/** As much of a lane as waits can change. */
export interface WaitingLane {
  /** Moves a task to where those are that wait for it, or back. */
  inherit(task: Task, priority: number): void
  /** Whose turn a task waits for is to be told, if it has a key. */
  know(task: Task): void
}

/** None is more urgent than another by itself. */
const TERMS = { rank: 0 }

/**
 * The waits of tasks for each other where one thread keeps all lanes: the reports of a sender and the supervisor's book,
 * with nothing between them. So what is refused, and what is inherited, is the same as on lanes with threads.
 */
export class LocalWaits {
  readonly environment = { number: OWNER }
  readonly exports = { find: () => undefined }
  readonly reminders: Reminders<() => void>
  readonly reports: WaitReports
  readonly dependencies: OpenDependencies
  readonly #laneOf: (name: string) => WaitingLane
  readonly #awaited = new Map<number, readonly string[]>()
  readonly #watch = new WaitWatch(
    {
      tell: (_, message) => this.#hear(message),
      tellOwner: (_, message) => this.#hear(message),
      hasEnded: ({ sequence }) => this.reports.find(sequence)?.dead === true,
    },
    () => TERMS.rank,
  )

  constructor(reminders: Reminders<() => void>, laneOf: (name: string) => WaitingLane) {
    this.reminders = reminders
    this.#laneOf = laneOf
    this.reports = new WaitReports(this)
    this.dependencies = new OpenDependencies(this)
  }

  /** As `OpenWaits.begin`, of a task that runs here. */
  begin(
    waiter: Task,
    awaited: () => Iterable<Task>,
    refuse: (error: Error) => void,
    kind: WaitKind,
  ): () => void {
    const wait = new LocalWait(waiter, awaited, refuse, kind)
    this.reports.begin(wait)
    return () => this.reports.end(wait)
  }

  /** What a task that runs waits for, as far as that has lasted; undefined if that is nothing. */
  awaitedBy({ sequence }: Task): readonly string[] | undefined {
    return this.#awaited.get(sequence)
  }

  lane(name: string) {
    const lane = this.#laneOf(name)
    return { terms: TERMS, order: lane, sight: lane }
  }

  nameOf({ sequence }: Task): HandleName {
    return { owner: OWNER, sequence }
  }

  tell(message: SenderToSupervisor): void {
    this.#watch.receive(OWNER, message)
  }

  #hear(message: SupervisorToSender): void {
    if (message.type === 'inherit') this.reports.inherited(message.tasks)
    else if (message.type === 'deadlock') this.reports.refused(message.wait, new DeadlockError(message.cycle))
    else if (message.type === 'waiting') {
      if (message.awaited.length === 0) this.#awaited.delete(message.sequence)
      else this.#awaited.set(message.sequence, message.awaited)
    }
  }
}

class LocalWait extends TaskWait {
  readonly #waiter: Task

  constructor(waiter: Task, awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind) {
    super(awaited, refuse, kind)
    this.#waiter = waiter
  }

  protected override get waiter(): WaitTold['waiter'] | null {
    const { dead, sequence, target, extras } = this.#waiter
    // Nobody waits for what the code of one does whose outcome has been decided.
    if (dead) return null
    const { name, lane } = target
    return { owner: OWNER, sequence, name, lane, priority: extras?.priority ?? 0 }
  }
}
