import { DeadlockError } from '../core/errors.js'
import type { Timers } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import type { Job } from './job.js'
import type { HandleName } from './lending.js'
import type { SenderToSupervisor, WaitTold } from './protocol/sender-to-supervisor.js'
import { FLAG, FLOAT, INT } from './shared-table.js'

/** A wait that is over sooner is told to nobody, in milliseconds: most are, and to tell one costs more than it takes. */
const TOLD_AFTER_MS = 1

/** What open waits need of their thread. */
export interface WaitContext {
  readonly timers: Timers
  readonly lane: string
  /** The number by which others know this thread. */
  readonly thread: number
  /** By what name others know a task that is waited for here. */
  nameOf(task: Task): HandleName
  /** The name of a function here. */
  functionOf(job: Job): string
  /** The task whose code runs, if any. */
  running(): Job | undefined
  /** All tasks that have started here and not ended. */
  started(): Iterable<Job>
  tell(message: SenderToSupervisor): void
}

/** A task here waits for others. */
interface OpenWait {
  readonly id: number
  readonly job: Job
  /** None twice, and none that has ended when the wait is told. */
  readonly awaited: () => Iterable<Task>
  readonly refuse: (error: DeadlockError) => void
  /** Once it is told: those of this thread's own tasks that it waits for. */
  told: readonly Task[] | null
}

/** A task of this thread's own of which the supervisor knows that it is waited for here. */
interface KnownTask {
  readonly task: Task
  waits: number
}

/**
 * What the tasks of this thread wait for. Waits that last are told to the supervisor, who finds those that could never
 * end, and has what is urgently waited for moved ahead.
 */
export class OpenWaits {
  readonly #context: WaitContext
  readonly #open = new Map<number, OpenWait>()
  /** By their numbers: the supervisor has something to say of any of them at any time. */
  readonly #known = new Map<number, KnownTask>()
  #young: OpenWait[] = []
  #ended: number[] = []
  #isArmed = false
  #last = 0

  constructor(context: WaitContext) {
    this.#context = context
  }

  /** How many waits there are. */
  get size(): number {
    return this.#open.size
  }

  /**
   * A task begins to wait.
   *
   * @param awaited those it waits for
   * @param refuse called if the wait would be a deadlock
   * @returns to be called when the wait is over
   */
  begin(job: Job, awaited: () => Iterable<Task>, refuse: (error: DeadlockError) => void): () => void {
    const wait: OpenWait = { id: ++this.#last, job, awaited, refuse, told: null }
    this.#open.set(wait.id, wait)
    this.#young.push(wait)
    this.#arm()
    return () => this.#end(wait)
  }

  /**
   * The task whose code runs is about to block the thread. That is told at once; and so is that all others that have
   * started here wait for it from now on.
   *
   * @param refuse called if the wait would be a deadlock
   * @returns to be called when the thread goes on
   */
  beginBlocking(task: Task, refuse: (error: DeadlockError) => void): () => void {
    const job = this.#context.running()
    if (job === undefined || job.ended) return () => {}
    const wait: OpenWait = { id: ++this.#last, job, awaited: () => [task], refuse, told: null }
    this.#open.set(wait.id, wait)
    this.#noteTold(wait, [task])
    const { owner, sequence, name, lane } = this.#waiter(job)
    const waits: WaitTold[] = []
    for (const other of this.#context.started()) {
      if (other === job) continue
      waits.push({
        id: ++this.#last,
        waiter: this.#waiter(other),
        awaited: [{ owner, sequence, name, lane }],
      })
    }
    const ids = [wait.id, ...waits.map(({ id }) => id)]
    waits.push({ id: wait.id, waiter: this.#waiter(job), awaited: [this.#named(task)] })
    this.#context.tell({ type: 'waits', waits })
    return () => {
      this.#open.delete(wait.id)
      this.#forget(wait.told!)
      this.#context.tell({ type: 'waited', ids })
    }
  }

  /** A wait would close a cycle. @param cycle the names of those that would wait for each other */
  refused(id: number, cycle: readonly string[]): void {
    this.#open.get(id)?.refuse(new DeadlockError(cycle))
  }

  /** A task of this thread's own that is waited for here, as far as the supervisor knows of that, by its number. */
  find(sequence: number): Task | undefined {
    return this.#known.get(sequence)?.task
  }

  #noteTold(wait: OpenWait, tasks: readonly Task[]): void {
    wait.told = tasks.filter(task => this.#context.nameOf(task).owner === this.#context.thread)
    for (const task of wait.told) {
      const known = this.#known.get(task.sequence)
      if (known === undefined) this.#known.set(task.sequence, { task, waits: 1 })
      else known.waits++
    }
  }

  #forget(told: readonly Task[]): void {
    for (const { sequence } of told) {
      if (--this.#known.get(sequence)!.waits === 0) this.#known.delete(sequence)
    }
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#context.timers.after(TOLD_AFTER_MS, () => {
      this.#isArmed = false
      // One that was given up goes on under nobody's name: its slot may be another task's.
      const lasting = this.#young.filter(({ id, job }) => this.#open.has(id) && !job.ended)
      this.#young = []
      if (lasting.length > 0) this.#tell(lasting)
      this.#flushEnded()
    })
  }

  #tell(lasting: readonly OpenWait[]): void {
    const waits: WaitTold[] = []
    for (const wait of lasting) {
      const alive = [...wait.awaited()].filter(task => !task.dead)
      if (alive.length === 0) continue
      this.#noteTold(wait, alive)
      waits.push({
        id: wait.id,
        waiter: this.#waiter(wait.job),
        awaited: alive.map(task => this.#named(task)),
      })
    }
    if (waits.length > 0) this.#context.tell({ type: 'waits', waits })
  }

  #named(task: Task): WaitTold['awaited'][number] {
    return { ...this.#context.nameOf(task), name: task.target.name, lane: task.target.lane }
  }

  #waiter(job: Job): WaitTold['waiter'] {
    const { table, sender } = job.source
    const hasExtras = (table.int(job.id, INT.FLAGS) & FLAG.EXTRAS) !== 0
    return {
      owner: sender,
      sequence: table.float(job.id, FLOAT.SEQUENCE),
      name: this.#context.functionOf(job),
      lane: this.#context.lane,
      priority: hasExtras ? table.int(job.id, INT.OWN_PRIORITY) : 0,
    }
  }

  #end(wait: OpenWait): void {
    if (!this.#open.delete(wait.id) || wait.told === null) return
    this.#forget(wait.told)
    this.#ended.push(wait.id)
    this.#arm()
  }

  #flushEnded(): void {
    if (this.#ended.length === 0) return
    const ids = this.#ended
    this.#ended = []
    this.#context.tell({ type: 'waited', ids })
  }
}
