import { mirror } from '../bridge/homes.js'
import { FLAG, FLOAT, INT, isLimitOfRun, LIMIT, LIMITS, type TableView } from '../bridge/shared-table.js'
import type { Clock } from '../core/clock.js'
import type { TimeLimit } from '../core/errors.js'
import { Reminders, type Timers } from '../core/reminders.js'
import { SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'

/** What the watch tells: the outcome of these tasks of one sender is TIMED_OUT. */
export interface ExpiryObserver {
  expired(sender: number, tasks: readonly ExpiredTask[]): void
  /** Has a sent task end that has not started, if it has not started meanwhile. @returns whether it has ended */
  end(sender: number, table: TableView, id: number): boolean
}

/** What of it was in its slot: once it has ended, that may be another's. */
export interface ExpiredTask {
  readonly id: number
  readonly sequence: number
  /** The thread it was on, and the index of its function there. */
  readonly thread: number
  readonly call: number
  /** When it started, or 0. */
  readonly startedAt: number
  readonly limit: TimeLimit
  /** Whether it had started, and has to be made to end. */
  readonly started: boolean
}

/**
 * Times out sent tasks, whatever their sender and their thread are doing.
 *
 * The limits stand in the shared tables. A thread that sets one says so if it comes before what it has announced last
 * (`bridge/expiry-announcer`); the watch looks at that instant, decides what is due, and finds the next by the same
 * reading. So a thousand tasks a second with the same time-out cost one look per time-out, not one each.
 *
 * A look does not make what has been announced for later needless, though nothing in the tables runs out then: the
 * thread that announced it says nothing of limits that it sets from now on and that run out after it.
 */
export class ExpiryWatch {
  readonly #clock: Clock
  readonly #reminders: Reminders<null>
  readonly #tables: ReadonlyMap<number, TableView>
  readonly #observer: ExpiryObserver
  /** What each thread has announced last, if it is ahead. */
  readonly #announced = new Map<string, number>()
  #wakeAt = Number.POSITIVE_INFINITY

  constructor(
    tables: ReadonlyMap<number, TableView>,
    clock: Clock,
    timers: Timers,
    observer: ExpiryObserver,
  ) {
    this.#tables = tables
    this.#clock = clock
    this.#observer = observer
    this.#reminders = new Reminders(clock, timers, () => this.#look())
  }

  /**
   * @param at an instant at which some task's limit runs out
   * @param by which thread says so
   */
  announce(at: number, by: string): void {
    this.#announced.set(by, at)
    this.#wake(at)
  }

  /** Limits may stand in a table that could not be read until now. */
  tableGrown(): void {
    this.#wake(this.#clock.now())
  }

  /** Decides at once what is due: for where a task may have kept the watch's own timer from it. */
  catchUp(): void {
    if (this.#wakeAt > this.#clock.now()) return
    this.#reminders.clear()
    this.#look()
  }

  /** Nothing is watched any more. */
  stop(): void {
    this.#reminders.clear()
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return
    this.#wakeAt = at
    this.#reminders.clear()
    this.#reminders.add(at, null)
  }

  #look(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const [by, at] of this.#announced) {
      if (at > now) next = Math.min(next, at)
      else this.#announced.delete(by)
    }
    for (const [sender, table] of this.#tables) {
      const expired: ExpiredTask[] = []
      for (const { id, state } of table) {
        if (state !== SCHEDULED && state !== STARTED) continue
        if ((table.loadInt(id, INT.FLAGS) & FLAG.LIMITED) === 0) continue
        const expires = table.float(id, state === STARTED ? FLOAT.RUN_EXPIRES : FLOAT.EXPIRES)
        if (expires > now) next = Math.min(next, expires)
        // Ended, with its answer on the way: it was in time.
        else if (state === STARTED && table.float(id, FLOAT.ENDED) !== 0) continue
        else if (!this.#expire(sender, table, id, state, expires, expired)) next = Math.min(next, now + 1)
      }
      if (expired.length > 0) this.#observer.expired(sender, expired)
    }
    if (next !== Number.POSITIVE_INFINITY) this.#wake(next)
  }

  /** Returns false if the task changed its state meanwhile, and has to be looked at again. */
  #expire(
    sender: number,
    table: TableView,
    id: number,
    state: number,
    expires: number,
    expired: ExpiredTask[],
  ): boolean {
    const byDeadline = table.float(id, FLOAT.DEADLINE) <= expires
    const limit = state === STARTED ? runLimit(byDeadline) : waitingLimit(byDeadline)
    const started = isLimitOfRun(limit)
    const task: ExpiredTask = {
      id,
      sequence: table.float(id, FLOAT.SEQUENCE),
      thread: table.int(id, INT.THREAD),
      call: table.int(id, INT.CALL),
      startedAt: started ? table.float(id, FLOAT.STARTED) : 0,
      limit: LIMITS[limit]!,
      started,
    }
    // Before the exchange, for whoever sees the outcome; of no meaning if the exchange fails.
    table.setInt(id, INT.LIMIT, limit)
    const hasEnded =
      state === STARTED ? table.exchange(id, STARTED, TIMED_OUT) : this.#observer.end(sender, table, id)
    if (!hasEnded) return false
    mirror(table, id)
    expired.push(task)
    return true
  }
}

function runLimit(byDeadline: boolean): number {
  return byDeadline ? LIMIT.DEADLINE_OF_RUN : LIMIT.TIMEOUT
}

function waitingLimit(byDeadline: boolean): number {
  return byDeadline ? LIMIT.DEADLINE_OF_WAITING : LIMIT.QUEUE_TIMEOUT
}
