import { TaskTimeoutError } from '../core/errors.js'
import type { Task, TaskExtras } from '../core/task.js'
import { DONE, STARTED, TIMED_OUT } from '../core/task-state.js'
import { Failure } from './failure.js'
import type { SenderContext } from './sender-context.js'
import { FLOAT, INT, LIMITS } from './shared-table.js'

/** How tasks end, and who is told. */
export class Settlement {
  readonly #context: SenderContext

  constructor(context: SenderContext) {
    this.#context = context
  }

  /** The one place where a task settles. */
  finish(task: Task, state: number, outcome: unknown, ended = this.#context.environment.clock.now()): void {
    // The table knew that it had started; the sender's own record learns it here.
    if (state === DONE) task.enter(STARTED)
    if (task.extras !== null) this.disarm(task.extras)
    task.settle(state, outcome, ended)
    this.#context.history.add(task)
    this.#context.ended()
    const resolve = task.resolve
    if (resolve !== null) {
      task.resolve = null
      resolve(outcome)
    }
    task.extras?.observer?.finished(task)
  }

  /** Takes back the reminder of a task that is not waiting any more. */
  disarm(extras: TaskExtras): void {
    if (extras.timer === null) return
    this.#context.reminders.cancel(extras.timer)
    extras.timer = null
  }

  /** Records when a sent task started, if it did, and tells its observer once. */
  noteStart(task: Task, id: number): void {
    const started = this.#context.sent.table.float(id, FLOAT.STARTED)
    if (started === 0) return
    task.started = started
    const extras = task.extras
    if (extras === null || extras.observer === null || extras.startReported) return
    extras.startReported = true
    extras.observer.started(task)
  }

  /** A task that is not sent has come to the end of its time. */
  waitedTooLong(task: Task): void {
    const { deadline, waitUntil } = task.extras!
    const limit = deadline <= waitUntil ? 'deadline' : 'queueTimeout'
    this.finish(task, TIMED_OUT, Failure.of(new TaskTimeoutError(task.target.name, limit)))
  }

  /** A sent task was timed out by the supervisor. */
  timedOut(task: Task, id: number): void {
    const { table } = this.#context.sent
    if (task.dead || table.state(id) !== TIMED_OUT) return
    this.noteStart(task, id)
    const limit = LIMITS[table.int(id, INT.LIMIT)] ?? 'timeout'
    // When its limit was: this thread may have been blocked for long since.
    const ended = Math.min(table.float(id, FLOAT.EXPIRES), this.#context.environment.clock.now())
    this.finish(task, TIMED_OUT, Failure.of(new TaskTimeoutError(task.target.name, limit)), ended)
  }
}
