import type { FailedDependency } from '../core/dependencies.js'
import { Endings } from '../core/endings.js'
import { TaskTimeoutError, type TimeLimit } from '../core/errors.js'
import type { CallTarget, Task, TaskExtras } from '../core/task.js'
import { DONE, FAILED, STARTED, TIMED_OUT } from '../core/task-state.js'
import { dependencyFailure } from './dependency-failure.js'
import { Failure } from './failure.js'
import type { SenderContext } from './sender-context.js'
import { FLOAT, INT, isLimitOfRun, LIMITS } from './shared-table.js'

/** Who is told within the sender. */
export interface SettlementOwner {
  /** Nothing of a task that has a key's turn runs any more. */
  endTurn(task: Task): void
  /** Nothing runs any more of the attempt that a task's next has waited for. */
  mayRunAgain(task: Task): void
  /** A task has ended. */
  settled(task: Task): void
  /** A task that was accepted, and is neither in the backlog nor sent, is not to start. */
  leftQueue(): void
}

/** How tasks that were sent, or were to be, end. */
export class Settlement {
  readonly #context: SenderContext
  readonly #owner: SettlementOwner
  readonly #endings: Endings

  constructor(context: SenderContext, owner: SettlementOwner) {
    this.#context = context
    this.#owner = owner
    this.#endings = new Endings(context.history, {
      ended: (task, id) => {
        context.ended()
        if (task.extras !== null) this.#endedWithOptions(task, task.extras, id)
        owner.settled(task)
      },
    })
  }

  /** How many tasks have ended in each final state, by its number. */
  get ended(): Float64Array {
    return this.#endings.counts
  }

  /** The one place where a task settles. A task that waits must have left its place before. */
  finish(task: Task, state: number, outcome: unknown, ended = this.#context.environment.clock.now()): void {
    // The table knew that it had started; the sender's own record learns it here.
    if (state === DONE) task.enter(STARTED)
    this.#endings.end(task, state, outcome, ended)
  }

  /** As `finish`, for one that was accepted, has not started, and is neither in the backlog nor sent. */
  finishUnstarted(task: Task, state: number, outcome: unknown): void {
    this.#owner.leftQueue()
    this.finish(task, state, outcome)
  }

  /**
   * A thread is done with a slot.
   *
   * @param id the slot, which may be an older one of the task's, from before it was taken back or run again
   */
  slotFreed(task: Task, id: number): void {
    const { extras } = task
    if (extras === null || extras.lingersIn !== id) return
    extras.lingersIn = 0
    if (task.dead) this.#owner.endTurn(task)
    else this.#owner.mayRunAgain(task)
  }

  #endedWithOptions(task: Task, extras: TaskExtras, id: number): void {
    // The turn of a task that has started ends with its slot: only then is it certain that nothing of it runs.
    const lingers = extras.hasTurn && id !== 0 && task.started !== undefined
    // First: accessors of what it has ended with are read next, and while one waits for another task its slot may be freed.
    if (lingers) extras.lingersIn = id
    if (extras.home !== 0) this.#context.exports.ended(task, id)
    if (extras.hasTurn && !lingers) this.#owner.endTurn(task)
  }

  /** Records when a sent task started, if it did, and tells its observer once. */
  noteStart(task: Task, id: number): void {
    const started = this.#context.sent.table.float(id, FLOAT.STARTED)
    if (started === 0) return
    task.started = started
    const extras = task.extras
    if (extras === null) return
    if (extras.home !== 0) this.#context.exports.started(task, started)
    if (extras.observer === null || extras.startReported) return
    extras.startReported = true
    extras.observer.started(task)
  }

  /** A task that is not sent has come to the end of its time. */
  waitedTooLong(task: Task): void {
    const { deadline, waitUntil } = task.extras!
    const limit = deadline <= waitUntil ? 'deadline' : 'queueTimeout'
    this.finish(task, TIMED_OUT, timeoutOf(task.target, limit))
  }

  /** One of those that a task was to start after was not done. */
  dependencyFailed(task: Task, dependency: FailedDependency): void {
    this.finish(task, FAILED, dependencyFailure(task.target, dependency))
  }

  /** A sent task was timed out by the supervisor. */
  timedOut(task: Task, id: number): void {
    const { table } = this.#context.sent
    if (task.dead || table.state(id) !== TIMED_OUT) return
    const limit = table.int(id, INT.LIMIT)
    const ran = isLimitOfRun(limit)
    if (ran) this.noteStart(task, id)
    // When its limit was: this thread may have been blocked for long since.
    const expired = table.float(id, ran ? FLOAT.RUN_EXPIRES : FLOAT.EXPIRES)
    const ended = Math.min(expired, this.#context.environment.clock.now())
    this.finish(task, TIMED_OUT, timeoutOf(task.target, LIMITS[limit] ?? 'timeout'), ended)
  }
}

/** Of the task it keeps nothing but the name. */
function timeoutOf({ name }: CallTarget, limit: TimeLimit): Failure {
  return Failure.later(() => new TaskTimeoutError(name, limit))
}
