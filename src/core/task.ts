import type { Acceptance } from './acceptance.js'
import type { Dependencies } from './dependencies.js'
import { MultilaneError } from './errors.js'
import { keepShape } from './kept-shapes.js'
import type { Queueable } from './ready-queue.js'
import type { RetryPolicy } from './retry-policy.js'
import {
  CANCELED,
  DONE,
  FAILED,
  isFinal,
  mayFollow,
  NEW,
  SCHEDULED,
  STARTED,
  SUBMITTED,
  TASK_STATES,
  TIMED_OUT,
} from './task-state.js'
import type { TimerEntry } from './timer-queue.js'

/**
 * A named call of a lane. One object for each name and lane, so that a task needs a single pointer for both.
 */
export interface CallTarget {
  readonly name: string
  readonly lane: string
  /** Who knows of the waits of its tasks, and for them: tasks of another scheduler are none of its business. */
  readonly owner: object | null
  /** Where the lane's threads keep the function; `UNRESOLVED` until a thread is ready, `UNKNOWN` if there is none. */
  index: number
  /** Milliseconds a call lately took from its start to its end, on the mean; 0 before the first has ended. */
  mean: number
}
export const UNRESOLVED = -1
export const UNKNOWN = -2

/** What happens to a task, told to the thread that submitted it. Each is called at most once. */
export interface TaskObserver {
  /** Called if there was no room for the task at first. */
  accepted(task: Task): void
  started(task: Task): void
  /** Called once, when the task has entered a final state. */
  finished(task: Task): void
}

/** The rare options of a task: one object that exists only if any of them was given. */
export class TaskExtras {
  priority = 0
  /** That of what waits for it, as far as it is greater. */
  inherited = 0
  /** An instant, or Infinity. */
  deadline = Number.POSITIVE_INFINITY
  /** Milliseconds of running allowed. */
  timeout = Number.POSITIVE_INFINITY
  /** The instant at which waiting ends the task, or Infinity. */
  waitUntil = Number.POSITIVE_INFINITY
  /** The instant before which the task may not start. */
  notBefore = 0
  /** What it is to start after, as long as that is not over. Given by its submitter, then the `Backlog`'s. */
  dependencies: Dependencies | null = null
  idempotent = false
  attempt = 1
  retries: RetryPolicy | null = null
  /** How many attempts have failed by themselves. */
  failures = 0
  /** Tasks of one key run one after another. */
  key: string | null = null
  /** Whether others than its submitter know of it, or wait for it. */
  isKnown = false
  /** Whether it is this task's turn among those of its key. Written by `KeyTurns` alone. */
  hasTurn = false
  /**
   * The id of the slot in which an attempt of it may still run though that is over for its sender, or 0. As long as it
   * is, nothing of its key begins, its own next attempt included.
   */
  lingersIn = 0
  transfer: readonly object[] | null = null
  /** The slot that shows its state to threads that have its handle, or 0. */
  home = 0
  observer: TaskObserver | null = null
  /** What whoever submitted it was given of it: its callbacks are given the same. */
  handle: object | null = null
  /** Whether the lane thread is to say at once when the task starts. */
  reportStart = false
  startReported = false
  /** Exists if the task had to wait for room in its lane's queue. */
  acceptance: Acceptance | null = null
  /** When and where in order it began to wait, if not by its submission. */
  since = 0
  arrival = 0
  /** Its place in a heap of its queue. */
  position = 0
  /** The instant at which waiting must have ended. */
  get expires(): number {
    return Math.min(this.waitUntil, this.deadline)
  }

  /** The reminder kept by the sender while the task is not sent. */
  timer: TimerEntry<() => void> | null = null
}

/**
 * A task as its sender knows it.
 *
 * While `id` is 0 the task is in its sender's hands and `state` is its state. While `id` is not 0 the task is
 * sent: the shared table holds its state, and `state` is what it was when it left. `settle` ends either: after
 * it, `state` is final and `payload` the value or the error.
 */
export class Task implements Queueable<Task> {
  next: Task | null = null
  previous: Task | null = null
  readonly target: CallTarget
  readonly sequence: number
  /** The arguments; once settled, the value or the error. */
  payload: unknown
  /** The slot and generation in the shared table while sent, else 0. */
  id = 0
  /** Written by `enter` alone. */
  state = NEW
  /** Where at its sender the task waits. Written by `Backlog` alone. */
  place = 0
  /** Takes the value, or a promise that rejects, when the task has settled. */
  resolve: ((outcome: unknown, task: Task) => void) | null
  extras: TaskExtras | null
  readonly submitted: number
  /** Instants; undefined until known, because a number here is a box of 16 bytes. */
  started: number | undefined = undefined
  ended: number | undefined = undefined

  constructor(
    target: CallTarget,
    sequence: number,
    args: readonly unknown[],
    submitted: number,
    resolve: ((outcome: unknown, task: Task) => void) | null,
    extras: TaskExtras | null,
  ) {
    this.target = target
    this.sequence = sequence
    this.payload = args
    this.submitted = submitted
    this.resolve = resolve
    this.extras = extras
  }

  get priority(): number {
    const { extras } = this
    return extras === null ? 0 : Math.max(extras.priority, extras.inherited)
  }

  get attempt(): number {
    return this.extras === null ? 1 : this.extras.attempt
  }

  /** How many of the tasks that it is to start after have not ended. */
  get waitsFor(): number {
    return this.extras?.dependencies?.left ?? 0
  }

  /** What it is to start after, as far as that has not ended; undefined if that is nothing. */
  get awaited(): readonly string[] | undefined {
    return this.extras?.dependencies?.names
  }

  get deadline(): number {
    return this.extras === null ? Number.POSITIVE_INFINITY : this.extras.deadline
  }

  /** The object of its rare options, made if there is none yet. */
  rareOptions(): TaskExtras {
    this.extras ??= new TaskExtras()
    return this.extras
  }

  get arrival(): number {
    const { extras } = this
    return extras === null || extras.arrival === 0 ? this.sequence : extras.arrival
  }

  get since(): number {
    const { extras } = this
    return extras === null || extras.since === 0 ? this.submitted : extras.since
  }

  get position(): number {
    return this.extras === null ? 0 : this.extras.position
  }

  set position(position: number) {
    this.rareOptions().position = position
  }

  get dead(): boolean {
    return isFinal(this.state)
  }

  get args(): readonly unknown[] {
    return this.payload as readonly unknown[]
  }

  /** The one writer of `state`. Throws a plain Error on a transition that the table of states does not know. */
  enter(state: number): void {
    if (!mayFollow(this.state, state)) {
      throw new Error(`task '${this.target.name}': ${TASK_STATES[this.state]} → ${TASK_STATES[state]}`)
    }
    this.state = state
  }

  /**
   * Ends the task. It only records; its sender then resolves the promise and calls the observer.
   *
   * @param state the final state
   * @param outcome the value, or the error
   * @param ended the instant it ended
   * @param started the instant it started, if it did
   */
  settle(state: number, outcome: unknown, ended: number, started = this.started): void {
    this.enter(state)
    this.payload = outcome
    this.id = 0
    this.keepInstants(started, ended)
  }

  /** Keeps when it started and ended, for those who look at it after its end. */
  keepInstants(started: number | undefined, ended: number): void {
    this.started = started
    this.ended = ended
  }
}

/**
 * A task that nobody has a handle of, so that nobody can look at it after its end, unless something of it goes on. To
 * keep its instants would only be work: one that has waited long is old, and whatever an old one holds is copied until
 * it is collected itself.
 */
export class UnheldTask extends Task {
  override settle(state: number, outcome: unknown): void {
    this.enter(state)
    this.payload = outcome
    this.id = 0
  }
}

/** Of no lane. */
export const SAMPLE_TARGET: CallTarget = { name: '', lane: '', owner: null, index: 0, mean: 0.5 }
for (const Kind of [Task, UnheldTask]) {
  const sample = new Kind(SAMPLE_TARGET, 1, [], 0.5, null, null)
  for (const state of [SUBMITTED, SCHEDULED, STARTED]) sample.enter(state)
  sample.settle(DONE, undefined, 0.5, 0.5)
  keepShape(sample)
}
keepShape(new TaskExtras())

/** Which of the optional timestamps a final state sets. */
export type FinalTimestamp = 'done' | 'error' | 'timeout' | 'cancel'

export function finalTimestamp(state: number): FinalTimestamp {
  switch (state) {
    case DONE:
      return 'done'
    case FAILED:
      return 'error'
    case TIMED_OUT:
      return 'timeout'
    case CANCELED:
      return 'cancel'
    default:
      throw new MultilaneError('ERR_INVALID_ARG', `state ${state} is not final`)
  }
}
