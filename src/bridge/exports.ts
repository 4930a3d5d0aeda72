import { ResultNotCloneableError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { DONE, FAILED, SCHEDULED, STARTED, SUBMITTED } from '../core/task-state.js'
import { encodeError, encodeFailure } from './error-codec.js'
import type { Failure } from './failure.js'
import { advance, mirror, retreat, takeHome } from './homes.js'
import type { Lending, SentHandle, SentOutcome } from './lending.js'
import { isNestedTooDeep } from './nesting.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { AllForwarded, HolderChanged, HolderGone, WatcherCame } from './protocol/supervisor-to-sender.js'
import type { SentTasks } from './sent-tasks.js'
import { FLAG, INT } from './shared-table.js'
import { pathToUncloneable } from './uncloneable.js'

/** What exports need of their sender. */
export interface ExportContext {
  /** The sender's number. */
  readonly number: number
  readonly sent: SentTasks
  /** Others know of a task from now on. */
  heed(task: Task): void
  /** Has the start of a task told here. @returns its instant, if it has started */
  reportStart(task: Task): number | undefined
  /** No other thread has a handle of a task any more. */
  withdrawn(task: Task): void
  tell(message: SenderToSupervisor): void
  /** Whether a thread is there for others to ask, and not to go, as far as is known here. */
  stays(lane: string, thread: number): boolean
  /** Nobody asks any more for what became of a task: the thread that ran it need not keep it. */
  forget(lane: string, thread: number, sequence: number): void
}

/** A task whose handle another thread has. */
interface Exported {
  readonly task: Task
  /** The slot that shows its state: unlike the one it is sent in, it stays the same. */
  readonly home: number
  /** How often each thread was handed it and has not given it back; below 0 if it has given back what is yet to be told. */
  readonly holders: Map<number, number>
  /** Threads that wait for its outcome. */
  readonly watchers: Set<number>
  /** Those among them that wait for its start. */
  readonly startWatchers: Set<number>
  /** The thread it ended on, or 0. */
  thread: number
  /** Whether that thread has kept what became of it: not if it had not yet heard that others know of the task. */
  isKept: boolean
}

/**
 * The tasks of one sender whose handles other threads have.
 *
 * Each has a slot of its own in the task table, its home, taken when it is exported and given back when every thread that
 * was handed it has given it back or has died. Whoever changes the state of a task that has a home copies it there
 * (`homes`).
 *
 * A thread that waits for such a task gets its value straight from the thread that ran it. What is told from here is how
 * it has ended otherwise, where its value is to be had, and the value if that thread has not kept it: it keeps none of a
 * task whose handle was given away only after its end. No value goes along with a handle: to be given one is not to ask for
 * it, and whoever is must not fail by what its submitter has done to its own copy.
 *
 * A start that is waited for is told from here as well: who waits may not be connected with the thread that is to run it,
 * since that is to go.
 */
export class Exports implements Lending {
  readonly of: object
  readonly #context: ExportContext
  readonly #exported = new Map<number, Exported>()
  #bequeath: (() => void) | null = null

  /** @param of the sender */
  constructor(of: object, context: ExportContext) {
    this.of = of
    this.#context = context
  }

  /** How many tasks are out. */
  get size(): number {
    return this.#exported.size
  }

  /** Takes what the supervisor tells of those that have handles. */
  receive(message: WatcherCame | HolderChanged | HolderGone | AllForwarded): void {
    switch (message.type) {
      case 'watched':
        this.#watch(message)
        break
      case 'fetched':
        this.#fetch(message.sequence, message.watcher)
        break
      case 'held':
        this.changed(message.sequence, message.holder, message.change)
        break
      case 'holder-gone':
        this.#threadGone(message.holder)
        break
      case 'all-forwarded':
        this.#bequeath?.()
        break
    }
  }

  /**
   * The thread leaves, with all its tasks ended. What became of those that are out is left to the supervisor, which answers
   * for them as long as anybody has a handle; values that the threads have kept that made them stay there, unless those
   * are to go as well.
   *
   * Who has which is known for certain only when all that was on its way to this thread has come, so the supervisor is
   * asked first to send no more of it.
   *
   * @returns when it has been told
   */
  bequeath(): Promise<void> {
    if (this.#exported.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#bequeath = () => {
        this.#tellBequests()
        resolve()
      }
      this.#context.tell({ type: 'submitter-leaves' })
    })
  }

  #tellBequests(): void {
    this.#context.sent.forsake()
    const tellAs = (outcome: (task: Task) => SentOutcome): void => {
      const tasks = Array.from(this.#exported.values(), ({ task, thread, isKept, holders }) => {
        const isElsewhere = isKept && thread !== this.#context.number
        // One that is to go may stay after all, and is then to be told what nobody wants any more.
        const staysBehind = isElsewhere && this.#context.stays(task.target.lane, thread)
        return {
          sequence: task.sequence,
          thread: isElsewhere ? thread : 0,
          outcome: staysBehind && task.state === DONE ? null : outcome(task),
          holders: [...holders],
        }
      })
      this.#context.tell({ type: 'bequeathed', tasks })
    }
    try {
      tellAs(readableOutcomeOf)
    } catch {
      tellAs(cloneableOutcomeOf)
    }
    // Who has them from now on is not told here any more.
    this.#exported.clear()
  }

  /** The task of a number, if it is out. */
  find(sequence: number): Task | undefined {
    return this.#exported.get(sequence)?.task
  }

  #offer(task: Task): Exported {
    const known = this.#exported.get(task.sequence)
    if (known !== undefined) return known
    const { table } = this.#context.sent
    const home = takeHome(table, task.sequence, task.submitted)
    const exported: Exported = {
      task,
      home,
      holders: new Map(),
      watchers: new Set(),
      startWatchers: new Set(),
      thread: 0,
      isKept: false,
    }
    this.#exported.set(task.sequence, exported)
    task.rareOptions().home = home
    this.#context.heed(task)
    if (task.dead) this.#showEnd(task, home)
    else if (task.id !== 0) {
      table.setHome(task.id, home)
      // Whoever ran it meanwhile did not know of its home.
      mirror(table, task.id)
    } else advance(table, home, Math.max(SUBMITTED, task.state), 0, 0)
    return exported
  }

  lend(task: Task, thread: number): SentHandle {
    const { home, holders } = this.#offer(task)
    holders.set(thread, (holders.get(thread) ?? 0) + 1)
    return {
      owner: this.#context.number,
      sequence: task.sequence,
      lane: task.target.lane,
      name: task.target.name,
      submitted: task.submitted,
      attempt: task.attempt,
      home,
      segment: this.#context.sent.table.segmentOf(home),
      outcome: failureOf(task),
    }
  }

  takeBack(task: Task, thread: number): void {
    this.changed(task.sequence, thread, -1)
  }

  unread(task: Task, thread: number): void {
    this.takeBack(task, thread)
  }

  /** A thread has been handed a handle so many times more, or has given it back. */
  changed(sequence: number, thread: number, change: number): void {
    const exported = this.#exported.get(sequence)
    if (exported === undefined) return
    const count = (exported.holders.get(thread) ?? 0) + change
    if (count === 0) exported.holders.delete(thread)
    else exported.holders.set(thread, count)
    this.#freeIfHome(sequence, exported)
  }

  /** A thread has ended, and with it all that it was handed. */
  #threadGone(thread: number): void {
    for (const [sequence, exported] of this.#exported) {
      exported.watchers.delete(thread)
      exported.startWatchers.delete(thread)
      if (exported.holders.delete(thread)) this.#freeIfHome(sequence, exported)
    }
  }

  /** A thread waits for the outcome. */
  #watch({ sequence, watcher, start }: WatcherCame): void {
    const exported = this.#exported.get(sequence)
    if (exported === undefined) this.#gone(sequence, watcher)
    else if (exported.task.dead) this.#tell(exported, watcher)
    else {
      exported.watchers.add(watcher)
      if (start !== true) return
      exported.startWatchers.add(watcher)
      const started = this.#context.reportStart(exported.task)
      if (started !== undefined) this.#tellStart(exported, started)
    }
  }

  /** A task that has a home has started. @param at an instant */
  started(task: Task, at: number): void {
    const exported = this.#exported.get(task.sequence)
    if (exported !== undefined) this.#tellStart(exported, at)
  }

  #tellStart({ task: { sequence }, startWatchers }: Exported, started: number): void {
    const outcome = { state: STARTED, value: undefined, started, ended: 0 }
    for (const watcher of startWatchers) this.#context.tell({ type: 'outcome', sequence, watcher, outcome })
    startWatchers.clear()
  }

  /** A thread has not got the value from the one that ran it. */
  #fetch(sequence: number, watcher: number): void {
    const exported = this.#exported.get(sequence)
    if (exported === undefined || !exported.task.dead) this.#gone(sequence, watcher)
    else this.#answer(exported.task, watcher)
  }

  /** A task that has a home has ended. @param id the slot it had, or 0 */
  ended(task: Task, id: number): void {
    const exported = this.#exported.get(task.sequence)
    if (exported === undefined) return
    const { table } = this.#context.sent
    const { home } = exported
    if (id !== 0) {
      exported.thread = table.int(id, INT.THREAD)
      exported.isKept = (table.int(id, INT.FLAGS) & FLAG.KEPT) !== 0 && table.int(id, INT.KEPT_FOR) === home
      table.setInt(home, INT.ENDED_IN, id)
    }
    this.#showEnd(task, home)
    for (const watcher of exported.watchers) this.#tell(exported, watcher)
    exported.watchers.clear()
  }

  /** A task that has a home is to be run again. */
  startsAgain(task: Task): void {
    const { home } = this.#exported.get(task.sequence)!
    retreat(this.#context.sent.table, home, SCHEDULED)
  }

  #showEnd(task: Task, home: number): void {
    advance(this.#context.sent.table, home, task.state, task.started ?? 0, task.ended ?? 0)
  }

  /** A value is to be had from the thread that made it, if that has kept it; all else is told at once. */
  #tell({ task, thread, isKept }: Exported, watcher: number): void {
    const { sequence } = task
    if (task.state === DONE && isKept) this.#context.tell({ type: 'done', sequence, watcher, thread })
    else this.#answer(task, watcher)
  }

  #answer(task: Task, watcher: number): void {
    const { sequence } = task
    const answer = (outcome: SentOutcome): void =>
      this.#context.tell({ type: 'outcome', sequence, watcher, outcome })
    try {
      answer(readableOutcomeOf(task))
    } catch {
      answer(cloneableOutcomeOf(task))
    }
  }

  #gone(sequence: number, watcher: number): void {
    this.#context.tell({ type: 'gone', sequence, watcher })
  }

  #freeIfHome(sequence: number, { task, home, holders, thread }: Exported): void {
    for (const count of holders.values()) if (count !== 0) return
    this.#exported.delete(sequence)
    task.extras!.home = 0
    const { table } = this.#context.sent
    if (task.id !== 0) table.setHome(task.id, 0)
    table.free(home)
    const ran = thread === 0 && task.id !== 0 ? table.int(task.id, INT.THREAD) : thread
    if (ran !== 0) this.#context.forget(task.target.lane, ran, sequence)
    this.#context.withdrawn(task)
  }
}

/** What goes along with the handle of a task: how it has ended, if that was without a value. */
export function failureOf(task: Task): SentOutcome | null {
  return task.dead && task.state !== DONE ? outcomeOf(task) : null
}

/** The outcome of a task that has ended. */
function outcomeOf(task: Task): SentOutcome {
  const { state, payload, started = 0, ended = 0, attempt } = task
  return {
    state,
    value: state === DONE ? payload : encodeFailure((payload as Failure).error()),
    started,
    ended,
    attempt,
  }
}

/**
 * What those are told who might not be able to read a value that is nested too deep. Its accessors are read once, as by any
 * clone.
 *
 * @throws DataCloneError, or what an accessor throws
 */
function readableOutcomeOf(task: Task): SentOutcome {
  const outcome = outcomeOf(task)
  if (outcome.state !== DONE || typeof outcome.value !== 'object') return outcome
  const value: unknown = structuredClone(outcome.value)
  return isNestedTooDeep(value) ? notCloneable(outcome, 'result') : { ...outcome, value }
}

/**
 * What can be told of a task that has ended. Its value has come from another thread, but whoever it was for may have handed a
 * part of it over since, or have put into it what cannot be cloned.
 */
function cloneableOutcomeOf(task: Task): SentOutcome {
  const outcome = outcomeOf(task)
  if (outcome.state !== DONE) return outcome
  const path = pathToUncloneable(outcome.value, 'result')
  if (path !== undefined) return notCloneable(outcome, path)
  return isNestedTooDeep(outcome.value) ? notCloneable(outcome, 'result') : outcome
}

function notCloneable(outcome: SentOutcome, path: string): SentOutcome {
  return { ...outcome, state: FAILED, value: encodeError(new ResultNotCloneableError(path)) }
}
