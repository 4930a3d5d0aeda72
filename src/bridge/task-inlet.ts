import { ResultNotCloneableError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { DONE, FAILED, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'
import type { WaitKind } from '../core/wait-book.js'
import { BelledPort } from './belled-port.js'
import { type EncodedError, encodeError } from './error-codec.js'
import { handlesIn } from './handle-args.js'
import { mirror } from './homes.js'
import { Job, type JobSource, NO_ARGUMENTS } from './job.js'
import type { KeptOutcomes } from './kept-outcomes.js'
import type { HandleName } from './lending.js'
import { type Port, UNREADABLE } from './port.js'
import type { OutcomeAsked } from './protocol/sender-to-lane.js'
import { isTyped, type TypedMessage } from './protocol/typed-message.js'
import type { QueuePlaces } from './queue-places.js'
import { ACKNOWLEDGED, FLAG, FLOAT, INT, LIMIT, TableView } from './shared-table.js'
import { ShownAnswers } from './shown-answers.js'
import { pathToHandle, pathToUncloneable } from './uncloneable.js'
import type { ValueReads } from './value-reads.js'

/** What an inlet tells the run loop. */
export interface InletObserver {
  /** A task has come in. */
  arrived(job: Job): void
  /** Those that have come in and not begun. */
  waiting(): Iterable<Job>
  /** A task has started whose limit runs out at this instant. */
  expiryAhead(at: number): void
  /** A task has left the lane's queue, and somebody waits for room there. */
  roomInQueue(): void
  /** A task waits for what the runtime will tell it of. @returns to be called when it does not any more */
  waits(job: Job, awaited: () => Iterable<Task>, refuse: (error: Error) => void, kind: WaitKind): () => void
  /** Puts handles into the arguments of a task that is about to run. @param list what came with them */
  revive(args: readonly unknown[], list: unknown): readonly unknown[]
  /**
   * A task has not run, and will not here: what others of its arguments than its submitter's own are handles of.
   *
   * @param list what came with them
   */
  unread(submitter: number, list: unknown): void
  readonly reads: ValueReads
  /** What became of tasks whose handles other threads have. */
  readonly outcomes: KeptOutcomes
  /** A message, or a part of one, made no sense and was dropped. */
  stray(): void
}

/**
 * A lane thread's end of its connection to one sender: takes the sender's tasks in, claims them in the sender's
 * table, and sends the answers back in batches.
 *
 * Every id that came in is answered exactly once. An answer is posted first and decided in the table after: a value
 * that turns out not to be cloneable, or that dies with the thread before it left, was then never the outcome.
 */
export class TaskInlet implements JobSource {
  /** The number by which the supervisor knows the sender. */
  readonly sender: number
  readonly table = new TableView()
  readonly #port: BelledPort
  readonly #observer: InletObserver
  /** The sender's, in the queue of this thread's lane. */
  readonly #places: QueuePlaces
  #answers: unknown[] = [0]
  #elapsed = 0
  #starts: number[] = []
  #arrivals = 0
  readonly #shown: ShownAnswers
  /** The number by which the sender knows the connection, once that is told. */
  #connection = 0
  #isClosed = false
  /** Whether each answer is posted by itself, since some could not be read, and all were lost that came with them. */
  #isWary = false
  /** Messages, or parts of one, dropped because they made no sense. */
  strays = 0

  constructor(sender: number, port: Port, places: QueuePlaces, observer: InletObserver) {
    this.sender = sender
    this.#places = places
    this.#port = new BelledPort(port)
    this.#observer = observer
    this.#shown = new ShownAnswers(this.table, observer.outcomes)
  }

  /** How many answers wait to be sent. */
  get unsent(): number {
    return (this.#answers.length - 1) >> 1
  }

  /** Takes what the port holds, without the event loop; returns how many messages it was. */
  poll(): number {
    let count = 0
    for (let next = this.#port.take(); next !== undefined; next = this.#port.take()) {
      this.receive(next.message)
      count++
    }
    return count
  }

  receive(message: unknown): void {
    if (Array.isArray(message)) this.#receiveTasks(message)
    else if (isSegment(message) && this.table.accepts(message.index, message.buffer))
      this.table.attach(message.index, message.buffer)
    else if (isAsked(message)) this.#receiveAsked(message)
    else if (message === UNREADABLE) this.#port.post({ type: 'tasks-unread' })
    else if (!isTyped(message) || !this.#receiveTyped(message)) this.#stray()
  }

  /** @returns whether it made sense */
  #receiveTyped(message: TypedMessage): boolean {
    const { type, ids } = message
    if (type === 'bell') return this.#hangBell(message)
    if (type === 'answers-unread') {
      this.#isWary = true
      this.flush()
      this.#port.post({ type: 'answers-sent' })
    } else if (type === 'tasks-sent' && Array.isArray(ids)) {
      this.flush()
      this.#port.post({ type: 'tasks-missing', ids: this.#missing(ids) })
    } else return false
    return true
  }

  /** Those of these slots that have not come. */
  #missing(ids: readonly unknown[]): unknown[] {
    const here = new Set<unknown>()
    for (const { source, id } of this.#observer.waiting()) if (source === this) here.add(id)
    const isOut = (id: number): boolean =>
      this.table.int(id, INT.VERDICT) === 0 && this.table.float(id, FLOAT.STARTED) === 0
    return ids.filter(id => this.table.holds(id) && !here.has(id) && isOut(id))
  }

  #hangBell({ buffer, connection }: TypedMessage): boolean {
    if (typeof connection !== 'number' || this.#port.hang(buffer) === null) return false
    this.#connection = connection
    return true
  }

  #receiveAsked(message: OutcomeAsked): void {
    const { outcomes } = this.#observer
    if (message.type === 'wait' && this.#isClosed) return
    if (message.type === 'wait') outcomes.wait(message, this.#port)
    else if (message.type === 'fetch') outcomes.fetch(message, this.#port)
    // Its submitter knows of all that have the handle.
    else if (message.owner === this.sender) outcomes.forget(message)
    else outcomes.forgetWait(message, this.#port)
  }

  /** The connection has ended. What was sent before may still come, if the sender has another by now. */
  closed(): void {
    this.#isClosed = true
    this.#observer.outcomes.portClosed(this.#port, this.sender)
    this.#port.closed(this.#connection)
  }

  #stray(): void {
    this.strays++
    this.#observer.stray()
  }

  #receiveTasks(batch: readonly unknown[]): void {
    const table = this.table
    for (let at = 0; at < batch.length; ) {
      const id = batch[at]
      // A cancelled task comes in too: its slot waits for our acknowledgement.
      const state = table.holds(id) ? table.state(id as number) : -1
      if (!table.holds(id) || state < SCHEDULED) {
        // Without its table entry nobody can tell where the next task begins.
        this.#stray()
        return
      }
      const count = table.int(id, INT.ARGUMENTS)
      if (state === STARTED || state === DONE || state === FAILED) {
        this.#stray()
        at += 1 + count
        continue
      }
      const args = count === 0 ? NO_ARGUMENTS : batch.slice(at + 1, at + 1 + count)
      at += 1 + count
      const flags = table.int(id, INT.FLAGS)
      const priority = (flags & FLAG.EXTRAS) === 0 ? 0 : table.int(id, INT.PRIORITY)
      const deadline =
        (flags & FLAG.LIMITED) === 0 ? Number.POSITIVE_INFINITY : table.float(id, FLOAT.DEADLINE)
      this.#observer.arrived(
        new Job(
          this,
          id,
          table.int(id, INT.CALL),
          args,
          priority,
          deadline,
          this.#arrivals++,
          table.float(id, FLOAT.SUBMITTED),
        ),
      )
    }
  }

  /**
   * Claims a task for running.
   *
   * @param now the present instant, which becomes its start
   * @returns false if it was cancelled, timed out or taken back meanwhile
   */
  claim(job: Job, now: number): boolean {
    const { id } = job
    const flags = this.table.int(id, INT.FLAGS)
    if ((flags & FLAG.LIMITED) !== 0) {
      // Too late, though the supervisor has not come to say so; the answer tells the sender.
      if (this.table.float(id, FLOAT.EXPIRES) <= now) {
        this.#expire(id)
        return false
      }
      // Before the exchange: the supervisor must never see a started task without it.
      const expires = Math.min(
        now + this.table.float(id, FLOAT.TIMEOUT),
        this.table.float(id, FLOAT.DEADLINE),
      )
      this.table.setFloat(id, FLOAT.RUN_EXPIRES, expires)
    }
    const before = this.table.float(id, FLOAT.STARTED)
    this.table.setFloat(id, FLOAT.STARTED, now)
    if (!this.#places.leave(this.table, id, STARTED)) {
      this.table.setFloat(id, FLOAT.STARTED, before)
      return false
    }
    if (this.#places.isSettled) this.#heedQueue()
    job.started = now
    if ((flags & FLAG.LIMITED) !== 0) {
      const expires = this.table.float(id, FLOAT.RUN_EXPIRES)
      if (expires !== Number.POSITIVE_INFINITY) this.#observer.expiryAhead(expires)
    }
    // After the exchange: a sender that sets one of these and then looks at the state misses no start.
    const later = this.table.loadInt(id, INT.FLAGS)
    if ((later & FLAG.SHOWN) !== 0 && this.table.home(id) !== 0) {
      mirror(this.table, id)
      const outcome = { state: STARTED, value: undefined, started: now, ended: 0 }
      // Else its end would not be told: its answer goes nowhere.
      if (!this.#isClosed) this.#observer.outcomes.started(this.#nameOf(id), outcome)
    }
    if ((flags & FLAG.HANDLES) !== 0) job.args = this.#observer.revive(job.args.slice(0, -1), job.args.at(-1))
    if ((later & FLAG.REPORT_START) !== 0) this.#starts.push(id)
    return true
  }

  #nameOf(id: number): HandleName {
    return { owner: this.sender, sequence: this.table.float(id, FLOAT.SEQUENCE) }
  }

  #expire(id: number): void {
    const byDeadline = this.table.float(id, FLOAT.DEADLINE) <= this.table.float(id, FLOAT.EXPIRES)
    this.table.setInt(id, INT.LIMIT, byDeadline ? LIMIT.DEADLINE_OF_WAITING : LIMIT.QUEUE_TIMEOUT)
    if (this.#places.leave(this.table, id, TIMED_OUT) && this.#places.isSettled) this.#heedQueue()
  }

  #heedQueue(): void {
    if (this.#places.heed()) this.#observer.roomInQueue()
  }

  isCancelled(job: Job): boolean {
    return this.table.state(job.id) !== STARTED
  }

  /** @param verdict DONE with the value, or FAILED with an encoded error */
  answer(job: Job, verdict: number, value: unknown, now: number): void {
    if (verdict === DONE && typeof value === 'object' && this.#hasHandles(value)) {
      const path = pathToHandle(value, 'result') ?? 'result'
      const cause = new TypeError('a handle can be given to a task, and cannot be returned by one')
      this.answer(job, FAILED, encodeError(new ResultNotCloneableError(path, { cause })), now)
      return
    }
    this.table.setFloat(job.id, FLOAT.ENDED, now)
    this.table.setInt(job.id, INT.VERDICT, verdict)
    this.#elapsed += now - job.started
    // One that is shown since a moment ago may not be seen here: its submitter then tells of it, when it has the answer.
    if ((this.table.int(job.id, INT.FLAGS) & FLAG.SHOWN) !== 0 && this.table.home(job.id) !== 0)
      this.#shown.note(job.id, this.#nameOf(job.id), verdict, job.started, now)
    this.#answers.push(job.id, value)
  }

  #hasHandles(value: unknown): boolean {
    return this.#observer.reads.during(() => handlesIn([value]) !== null)
  }

  waits(...wait: Parameters<JobSource['waits']>): () => void {
    return this.#observer.waits(...wait)
  }

  /** Tells the sender that the slot of a task that did not run, or is given up, is free. */
  acknowledge(job: Job): void {
    if (job.started === 0 && (this.table.int(job.id, INT.FLAGS) & FLAG.HANDLES) !== 0)
      this.#observer.unread(this.sender, job.args.at(-1))
    if (this.table.home(job.id) !== 0) this.#observer.outcomes.over(this.#nameOf(job.id))
    this.table.setInt(job.id, INT.VERDICT, ACKNOWLEDGED)
    this.#answers.push(job.id, undefined)
  }

  /** Before the answer, so that the sender still knows whose id it is. */
  reportSlow(job: Job, held: number): void {
    this.#port.post({ type: 'slow', id: job.id, held })
  }

  /** Tells the sender that it could send more. */
  reportRoom(): void {
    this.#port.post({ type: 'room' })
  }

  /** Gives the places of tasks that have started back, and tells which they are if their sender wants to know that. */
  flushStarts(): void {
    this.#places.settle()
    this.#heedQueue()
    if (this.#starts.length === 0) return
    this.#port.post({ type: 'started', ids: this.#starts })
    this.#starts = []
  }

  flush(): void {
    this.flushStarts()
    const batch = this.#answers
    if (batch.length === 1) return
    batch[0] = this.#elapsed
    this.#answers = [0]
    this.#elapsed = 0
    if (!this.#isWary) this.#post(batch)
    else
      for (let i = 1; i < batch.length; i += 2) this.#post([i === 1 ? batch[0] : 0, batch[i], batch[i + 1]])
  }

  close(): void {
    this.#port.close()
  }

  #post(batch: unknown[]): void {
    this.#observer.reads.during(() => this.#postWhole(batch))
  }

  #postWhole(batch: unknown[]): void {
    try {
      this.#port.post(batch)
    } catch (cause) {
      const pairs = (batch.length - 1) >> 1
      if (pairs > 1) {
        // Cloned whole or not at all: halve it until the culprits stand alone.
        const middle = 1 + (pairs >> 1) * 2
        this.#postWhole([batch[0], ...batch.slice(1, middle)])
        this.#postWhole([0, ...batch.slice(middle)])
        return
      }
      const id = batch[1] as number
      const path = pathToUncloneable(batch[2], 'result') ?? 'result'
      this.table.setInt(id, INT.VERDICT, FAILED)
      this.#shown.failed(id)
      batch[2] = encodeRefusal(path, cause)
      this.#port.post(batch)
    }
    const isAnyShown = this.#shown.size > 0
    for (let i = 1; i < batch.length; i += 2) {
      const id = batch[i] as number
      const verdict = this.table.int(id, INT.VERDICT)
      // Fails, rightly, if a cancel came first or the sender has already done it with this very answer.
      const decided =
        (verdict === DONE || verdict === FAILED) &&
        (this.table.exchange(id, STARTED, verdict) || this.table.state(id) === verdict)
      if (isAnyShown) this.#shown.left(id, decided, batch[i + 1])
    }
  }
}

/** What its accessors have thrown may be no more to be looked at than the value. */
function encodeRefusal(path: string, cause: unknown): EncodedError {
  try {
    return encodeError(new ResultNotCloneableError(path, { cause }))
  } catch {
    return encodeError(new ResultNotCloneableError(path))
  }
}

function isAsked(message: unknown): message is OutcomeAsked {
  if (typeof message !== 'object' || message === null) return false
  const { type, owner, sequence } = message as Record<string, unknown>
  const isKnown = type === 'wait' || type === 'fetch' || type === 'forget'
  return isKnown && typeof owner === 'number' && typeof sequence === 'number'
}

function isSegment(
  message: unknown,
): message is { type: 'segment'; index: number; buffer: SharedArrayBuffer } {
  if (typeof message !== 'object' || message === null) return false
  const { type, index, buffer } = message as Record<string, unknown>
  return type === 'segment' && Number.isInteger(index) && buffer instanceof SharedArrayBuffer
}
