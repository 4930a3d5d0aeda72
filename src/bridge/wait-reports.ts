import type { DeadlockError } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import type { WaitKind } from '../core/wait-book.js'
import type { HandleName } from './lending.js'
import type { SenderToSupervisor, WaitTold } from './protocol/sender-to-supervisor.js'
import type { PrioritiesInherited } from './protocol/supervisor-to-sender.js'

/** A wait that is over sooner is told to nobody, in milliseconds: most are, and to tell one costs more than it takes. */
const TOLD_AFTER_MS = 1

/** What the reports of waits need of their sender. */
export interface ReportContext {
  readonly environment: { readonly number: number }
  /** What tasks are to start after that were submitted here. */
  readonly dependencies: { heed(task: Task): void }
  /** Those tasks of which other threads have handles. */
  readonly exports: { find(sequence: number): Task | undefined }
  /** By what name others know a task that is waited for here. */
  nameOf(task: Task): HandleName
  lane(name: string): { readonly order: { inherit(task: Task, priority: number): void } }
  readonly reminders: Pick<Reminders<() => void>, 'after'>
  tell(message: SenderToSupervisor): void
}

/** How a wait is told. */
export interface WaitSaid extends Pick<WaitTold, 'kind' | 'waiter'> {
  /** None twice, and none that has ended; by what others know it, if it is not from here. */
  readonly awaited: readonly (Task | WaitTold['awaited'][number])[]
}

/** A wait of a task, from its begin to its end. */
export abstract class ReportedWait {
  /** Its number on this thread. `WaitReports` gives it, and `told`. */
  id = 0
  /** Once it is told: those of this thread's own tasks that are waited for. */
  told: readonly Task[] | null = null

  /** Whether all that it was for has ended. */
  get isOver(): boolean {
    return false
  }

  /** @returns null if there is nothing to tell of it any more */
  abstract say(): WaitSaid | null

  /** The wait would be a deadlock. */
  abstract refuse(error: DeadlockError): void
}

/** A task that runs waits for others. */
export abstract class TaskWait extends ReportedWait {
  readonly #awaited: () => Iterable<Task>
  readonly #kind: WaitKind
  readonly refuse: (error: DeadlockError) => void

  /**
   * @param awaited those it waits for
   * @param refuse called if the wait would be a deadlock
   * @param kind what ends it
   */
  constructor(awaited: () => Iterable<Task>, refuse: (error: DeadlockError) => void, kind: WaitKind) {
    super()
    this.#awaited = awaited
    this.refuse = refuse
    this.#kind = kind
  }

  /** By what others know the task; null if nobody is to hear of its waits any more. */
  protected abstract get waiter(): WaitTold['waiter'] | null

  override get isOver(): boolean {
    for (const task of this.#awaited()) if (!task.dead) return false
    return true
  }

  say(): WaitSaid | null {
    const { waiter } = this
    if (waiter === null) return null
    return { kind: this.#kind, waiter, awaited: [...this.#awaited()].filter(task => !task.dead) }
  }
}

/**
 * A wait that a task was submitted with: for those that it is to start after, or for the turn of its key. It is never
 * refused (`WaitBook` says why): somebody waits for the task, and is refused that.
 */
export class WaitBeforeStart extends ReportedWait {
  readonly #say: () => Omit<WaitSaid, 'kind'>

  constructor(say: () => Omit<WaitSaid, 'kind'>) {
    super()
    this.#say = say
  }

  say(): WaitSaid {
    return { kind: 'after', ...this.#say() }
  }

  refuse(): void {}
}

/** A task of this thread's own of which the supervisor knows that it is waited for here. */
interface KnownTask {
  readonly task: Task
  waits: number
}

/**
 * Tells the supervisor of the waits on this thread that last: those of tasks that run here, and of tasks submitted here
 * that are to start after others. The supervisor finds those that could never end, and has what is urgently waited for
 * moved ahead. What begins or ends within a millisecond is told together.
 */
export class WaitReports {
  readonly #context: ReportContext
  readonly #open = new Map<number, ReportedWait>()
  /** By their numbers: the supervisor has something to say of any of them at any time. */
  readonly #known = new Map<number, KnownTask>()
  #young: ReportedWait[] = []
  #ended: ReportedWait[] = []
  #isArmed = false
  #last = 0

  constructor(context: ReportContext) {
    this.#context = context
  }

  /** How many waits there are. */
  get size(): number {
    return this.#open.size
  }

  /** Whether there is nothing left to be told. */
  get isQuiet(): boolean {
    return !this.#isArmed
  }

  /** A wait begins. It is told if it lasts. */
  begin(wait: ReportedWait): void {
    wait.id = ++this.#last
    this.#open.set(wait.id, wait)
    this.#young.push(wait)
    this.#arm()
  }

  /** A wait is over. */
  end(wait: ReportedWait): void {
    if (!this.#open.delete(wait.id) || wait.told === null) return
    this.#ended.push(wait)
    this.#arm()
  }

  /** Waits begin and are told, with all that was to be told: the thread is about to be blocked. */
  beginAtOnce(waits: readonly ReportedWait[]): void {
    for (const wait of waits) {
      wait.id = ++this.#last
      this.#open.set(wait.id, wait)
      this.#young.push(wait)
    }
    this.#flush()
  }

  /** They are over, and that is told. */
  endAtOnce(waits: readonly ReportedWait[]): void {
    for (const wait of waits) this.end(wait)
    this.#flush()
  }

  /**
   * Tells of all that is known now, also of waits that are over though nobody could go on yet: the thread may be blocked.
   *
   * @param look by what the supervisor knows that this is the answer */
  tellAll(look: number): void {
    for (const wait of this.#open.values()) if (wait.told !== null && wait.isOver) this.end(wait)
    this.#flush()
    this.#context.tell({ type: 'waits-told', look })
  }

  /** The task of this number, if it is waited for here and that has been told. */
  find(sequence: number): Task | undefined {
    return this.#known.get(sequence)?.task
  }

  /** A wait would close a cycle. @param refusal what it ends with */
  refused(id: number, refusal: DeadlockError): void {
    this.#open.get(id)?.refuse(refusal)
  }

  /** What waits for tasks that were submitted here has another priority than before. */
  inherited(tasks: PrioritiesInherited['tasks']): void {
    for (const { sequence, lane, priority } of tasks) {
      const task = this.#context.exports.find(sequence) ?? this.find(sequence)
      if (task !== undefined) this.#context.lane(lane).order.inherit(task, priority)
    }
  }

  /** No other thread has a handle of a task any more. */
  withdrawn(task: Task): void {
    if (!this.#known.has(task.sequence)) this.#disinherit(task)
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#context.reminders.after(TOLD_AFTER_MS, () => {
      this.#isArmed = false
      this.#flush()
    })
  }

  #flush(): void {
    // First: what is over closes no cycle.
    if (this.#ended.length > 0) {
      const ended = this.#ended
      this.#ended = []
      this.#context.tell({ type: 'waited', ids: ended.map(({ id }) => id) })
      for (const { told } of ended) for (const task of told!) this.#forget(task)
    }
    const waits: WaitTold[] = []
    // What is waited for may wait itself, and is to be told then, too: it is appended.
    for (const wait of this.#young) {
      const said = this.#open.has(wait.id) ? wait.say() : null
      if (said === null) continue
      const known = said.awaited.filter(one => this.#isKnown(one))
      if (known.length === 0) continue
      wait.told = this.#ownOf(known)
      for (const task of wait.told) this.#know(task)
      const awaited = known.map(one => (isTask(one) ? this.#named(one) : one))
      waits.push({ ...said, id: wait.id, awaited })
    }
    this.#young = []
    if (waits.length > 0) this.#context.tell({ type: 'waits', waits })
  }

  /** A task of another scheduler is not: its name here would be that of another task. */
  #isKnown(one: WaitSaid['awaited'][number]): boolean {
    return !isTask(one) || one.target.owner === this.#context
  }

  #ownOf(awaited: WaitSaid['awaited']): readonly Task[] {
    const own: Task[] = []
    for (const one of awaited)
      if (isTask(one) && this.#context.nameOf(one).owner === this.#context.environment.number) own.push(one)
    return own
  }

  #know(task: Task): void {
    const known = this.#known.get(task.sequence)
    if (known !== undefined) {
      known.waits++
      return
    }
    this.#known.set(task.sequence, { task, waits: 1 })
    this.#context.dependencies.heed(task)
  }

  #forget(task: Task): void {
    const { sequence } = task
    if (--this.#known.get(sequence)!.waits > 0) return
    this.#known.delete(sequence)
    if (this.#context.exports.find(sequence) === undefined) this.#disinherit(task)
  }

  /** Nobody waits for a task that others know: what the supervisor will say of it does not find it any more. */
  #disinherit(task: Task): void {
    if (task.extras === null || task.extras.inherited === 0) return
    this.#context.lane(task.target.lane).order.inherit(task, 0)
  }

  #named(task: Task): WaitTold['awaited'][number] {
    return { ...this.#context.nameOf(task), name: task.target.name, lane: task.target.lane }
  }
}

/** Also of one that another copy of this package has made. */
function isTask(one: WaitSaid['awaited'][number]): one is Task {
  return 'target' in one
}
