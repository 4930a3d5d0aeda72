import { MultilaneError } from '../core/errors.js'
import type { Reminders } from '../core/reminders.js'
import { type CallTarget, Task, UNRESOLVED } from '../core/task.js'
import type { TaskRecord } from '../core/task-info.js'
import { DONE, FAILED, isFinal, NEW, SCHEDULED, STARTED } from '../core/task-state.js'
import type { SyncWait } from './blocking-wait.js'
import { type EncodedFailure, encodeError, encodeReason } from './error-codec.js'
import { failureOf } from './exports.js'
import { Failure } from './failure.js'
import { instantAt } from './homes.js'
import type { HandleName, Lending, SentHandle, SentOutcome } from './lending.js'
import type { SenderToLane } from './protocol/sender-to-lane.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import { FLOAT, TableView } from './shared-table.js'

/** What imports need of the sender on their thread. */
export interface ImportContext {
  tell(message: SenderToSupervisor): void
  /** Tells all threads of a lane that this one is connected with. */
  tellThreads(lane: string, message: SenderToLane): void
  /** Tells one thread of a lane. @returns false if it is not connected with this one */
  tellThread(lane: string, thread: number, message: SenderToLane): boolean
  /** Has this thread connected with those of a lane, if it is not. */
  reach(lane: string): void
  /** Calls back at the end of the present turn. */
  defer(call: () => void): void
  readonly reminders: Pick<Reminders<() => void>, 'after'>
  /** @throws DeadlockError if a task that has not started needs this very thread */
  refuseDeadlock(task: Task): void
  /** Blocks this thread until it is over. */
  block(task: Task, wait: SyncWait): void
}

/** What is known here of a task whose handle this thread was given. */
interface Imported extends HandleName {
  /** What its handles are made of: it settles as a task of this thread would, once its outcome is known. */
  readonly task: WeakRef<Task>
  readonly sent: SentHandle
  /** How often it was given. */
  times: number
  /** The thread that was asked for its value, or 0. */
  asked: number
}

/**
 * The tasks of other senders whose handles this thread was given.
 *
 * State and instants are read at the task's home, in its submitter's table. The outcome comes by one of three ways, the
 * first of which settles it: with the handle, if the task had ended before without a value; straight from the thread that
 * ran it, for which all threads of its lane are asked; or from its submitter, by way of the supervisor, if no thread ran
 * it or the one that did has not got it. It is fetched only once somebody waits for it. What is garbage here is given back
 * to the submitter.
 */
export class Imports implements Lending {
  readonly of: object
  readonly #context: ImportContext
  /** The submitters' tables, as far as their segments have come, and for how many tasks each is needed. */
  readonly #views = new Map<number, { readonly table: TableView; uses: number }>()
  readonly #byName = new Map<string, Imported>()
  readonly #byTask = new WeakMap<Task, Imported>()
  /** Those that are waited for. They must not be collected, and whoever waits may hold nothing of them. */
  readonly #watched = new Map<Imported, Task>()
  readonly #registry = new FinalizationRegistry<Imported>(imported => this.#collected(imported))
  #returned: number[] = []

  /** @param of the sender on this thread */
  constructor(of: object, context: ImportContext) {
    this.of = of
    this.#context = context
  }

  /** For how many tasks there are handles here. */
  get size(): number {
    return this.#byName.size
  }

  /** Takes a handle that has come. @returns the task that stands for it here */
  take(sent: SentHandle): Task {
    const known = this.#byName.get(nameOf(sent))
    const task = known?.task.deref()
    if (known === undefined || task === undefined) return this.#make(sent, known?.times ?? 0)
    known.times++
    noteAttempt(task, sent.attempt)
    if (sent.outcome !== null) this.#settle(known, sent.outcome)
    return task
  }

  #make(sent: SentHandle, times: number): Task {
    const { owner, sequence, lane, name, home, segment, submitted, attempt, outcome } = sent
    const target: CallTarget = { name, lane, owner: this.of, index: UNRESOLVED, mean: 0 }
    const task = new Task(target, sequence, [], submitted, null, null)
    noteAttempt(task, attempt)
    const imported: Imported = {
      owner,
      sequence,
      task: new WeakRef(task),
      // Its outcome is the task's from now on.
      sent: { ...sent, outcome: null },
      times: times + 1,
      asked: 0,
    }
    this.#byName.set(nameOf(sent), imported)
    this.#byTask.set(task, imported)
    this.#registry.register(task, imported)
    let view = this.#views.get(owner)
    if (view === undefined) {
      view = { table: new TableView(), uses: 0 }
      this.#views.set(owner, view)
    }
    view.table.attachOf(home, segment)
    view.uses++
    if (outcome !== null) this.#settle(imported, outcome)
    return task
  }

  lend(task: Task, thread: number): SentHandle {
    const { owner, sequence, sent } = this.#byTask.get(task)!
    this.#context.tell({ type: 'lent', owner, sequence, to: thread, change: 1 })
    return { ...sent, attempt: task.attempt, outcome: failureOf(task) }
  }

  takeBack(task: Task, thread: number): void {
    const { owner, sequence } = this.#byTask.get(task)!
    this.#context.tell({ type: 'lent', owner, sequence, to: thread, change: -1 })
  }

  /** The thread gives it back itself: this one may have died meanwhile. */
  unread(): void {}

  /** Somebody waits for a task. */
  watch(task: Task): void {
    const imported = this.#byTask.get(task)
    if (imported === undefined || task.dead || this.#watched.has(imported)) return
    const { owner, sequence } = imported
    this.#awaited(imported, task)
    this.#context.tell({ type: 'watch', owner, sequence })
  }

  /**
   * Somebody waits for the start of a task, of which its submitter tells as well: the thread that is to run it may be one
   * that this one is not connected with, since that is to go.
   */
  watchStart(task: Task): void {
    const imported = this.#byTask.get(task)
    if (imported === undefined || task.dead) return
    const { owner, sequence } = imported
    if (!this.#watched.has(imported)) this.#awaited(imported, task)
    this.#context.tell({ type: 'watch', owner, sequence, start: true })
  }

  #awaited(imported: Imported, task: Task): void {
    const { owner, sequence, sent } = imported
    this.#watched.set(imported, task)
    this.#context.reach(sent.lane)
    this.#context.tellThreads(sent.lane, { type: 'wait', owner, sequence })
  }

  /** A lane has a thread more, on which something may run that is waited for. */
  joined(lane: string, send: (message: SenderToLane) => void): void {
    for (const { owner, sequence, sent } of this.#watched.keys()) {
      if (sent.lane === lane) send({ type: 'wait', owner, sequence })
    }
  }

  /** Whether a thread has been asked for a value that it has not told yet. */
  isAsking(thread: number): boolean {
    for (const { asked } of this.#watched.keys()) if (asked === thread) return true
    return false
  }

  /** A thread will answer no more. */
  threadLost(thread: number): void {
    for (const imported of this.#watched.keys()) if (imported.asked === thread) this.#fetch(imported)
  }

  /** A task has ended on a thread, which has its value. */
  done(name: HandleName, thread: number): void {
    const imported = this.#byName.get(nameOf(name))
    if (imported === undefined || !this.#watched.has(imported)) return
    const { owner, sequence, sent } = imported
    imported.asked = thread
    if (!this.#context.tellThread(sent.lane, thread, { type: 'fetch', owner, sequence }))
      this.#fetch(imported)
  }

  /** A thread has told what it knows of a task. */
  answered(name: HandleName, outcome: SentOutcome | null): void {
    const imported = this.#byName.get(nameOf(name))
    if (imported === undefined) return
    if (outcome !== null) this.#settle(imported, outcome)
    else if (this.#watched.has(imported)) this.#fetch(imported)
  }

  /** What became of a task, as its submitter knows it; null if nobody knows any more. */
  told(name: HandleName, outcome: SentOutcome | null): void {
    const imported = this.#byName.get(nameOf(name))
    if (imported !== undefined) this.#settle(imported, outcome ?? this.#goneOutcome(imported))
  }

  /** The supervisor has ended: nothing will be told any more. */
  loseAll(error: Error): void {
    const outcome = { state: FAILED, value: encodeError(error), started: 0, ended: 0 }
    for (const imported of [...this.#watched.keys()]) this.#settle(imported, outcome)
  }

  /** By what name others know a task, if it was submitted by another thread. */
  nameOf(task: Task): HandleName | undefined {
    const imported = this.#byTask.get(task)
    return imported && { owner: imported.owner, sequence: imported.sequence }
  }

  /** Asks the submitter to cancel a task. */
  askToCancel(task: Task, reason: unknown): void {
    const { owner, sequence } = this.#byTask.get(task)!
    this.#context.tell({ type: 'ask', owner, sequence, cancel: encodeReason(reason) })
  }

  /** Asks the submitter to change a task's priority. */
  askToMove(task: Task, priority: number): void {
    const { owner, sequence } = this.#byTask.get(task)!
    this.#context.tell({ type: 'ask', owner, sequence, priority })
  }

  get reminders(): ImportContext['reminders'] {
    return this.#context.reminders
  }

  /** Blocks this thread until it is over. */
  block(task: Task, wait: SyncWait): void {
    // Where one that has started is, the supervisor knows.
    if (this.recordOf(task).state < STARTED) this.#context.refuseDeadlock(task)
    this.watch(task)
    this.#context.block(task, wait)
  }

  /** A task as it is now. */
  recordOf(task: Task): TaskRecord {
    const { owner, sent } = this.#byTask.get(task)!
    const view = this.#views.get(owner)!.table
    const shown = view.state(sent.home)
    // Given back, or not shown yet what has been told here.
    if (task.dead || shown < 0) return task
    const { target, sequence, submitted, attempt, priority } = task
    const started = shown < STARTED ? undefined : instantAt(view, sent.home, FLOAT.STARTED)
    const ended = isFinal(shown) ? instantAt(view, sent.home, FLOAT.ENDED) : undefined
    return { target, sequence, state: shown, submitted, started, ended, attempt, priority }
  }

  #fetch(imported: Imported): void {
    imported.asked = 0
    this.#context.tell({ type: 'fetch', owner: imported.owner, sequence: imported.sequence })
  }

  #goneOutcome({ sent }: Imported): SentOutcome {
    const message = `what became of '${sent.name}' is not known any more`
    return {
      state: FAILED,
      value: encodeError(new MultilaneError('ERR_RESULT_GONE', message)),
      started: 0,
      ended: 0,
    }
  }

  #settle(imported: Imported, { state, value, started, ended, attempt = 1 }: SentOutcome): void {
    const task = this.#watched.get(imported) ?? imported.task.deref()
    if (task === undefined || task.dead) return
    noteAttempt(task, attempt)
    if (task.state === NEW) task.enter(SCHEDULED)
    if (started !== 0 && task.state === SCHEDULED) {
      task.enter(STARTED)
      task.started = started
      task.extras?.observer?.started(task)
    }
    if (!isFinal(state)) return
    if (this.#watched.delete(imported)) this.#unwatch(imported)
    const outcome = state === DONE ? value : Failure.remote(value as EncodedFailure)
    const { resolve } = task
    task.settle(state, outcome, ended)
    task.resolve = null
    resolve?.(outcome, task)
    if (task.extras === null) return
    task.extras.observer?.finished(task)
    task.extras.observer = null
  }

  #unwatch({ owner, sequence, sent }: Imported): void {
    this.#context.tellThreads(sent.lane, { type: 'forget', owner, sequence })
    this.#context.tell({ type: 'unwatch', owner, sequence })
  }

  #collected(imported: Imported): void {
    const view = this.#views.get(imported.owner)!
    if (--view.uses === 0) this.#views.delete(imported.owner)
    const name = nameOf(imported)
    // It may have come again in the meantime, and its times are counted there.
    if (this.#byName.get(name) !== imported) return
    this.#byName.delete(name)
    this.giveBack(imported.owner, imported.sequence, imported.times)
  }

  /** Tells the submitter of a task that this thread has no use for its handle any more. @param times how often it was given */
  giveBack(owner: number, sequence: number, times: number): void {
    if (this.#returned.length === 0) this.#context.defer(() => this.#tellReturned())
    this.#returned.push(owner, sequence, times)
  }

  #tellReturned(): void {
    const handles = this.#returned
    this.#returned = []
    this.#context.tell({ type: 'returned', handles })
  }
}

/** One that is to be run again has started, though it may not show that any more. */
function noteAttempt(task: Task, attempt: number): void {
  if (attempt > task.attempt) task.rareOptions().attempt = attempt
}

function nameOf({ owner, sequence }: HandleName): string {
  return `${owner}:${sequence}`
}
