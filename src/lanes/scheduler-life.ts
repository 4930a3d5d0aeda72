import type { Clock } from '../core/clock.js'
import { ClosedError, TaskCanceledError } from '../core/errors.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext } from './own-context.js'
import type { SchedulerConnection } from './scheduler-connection.js'

type Mode = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'closing' | 'closed'

/** What a scheduler does at the turns of its life. */
export interface LifeObserver<C> {
  /** Begins to start the lanes. @param last the connection of the start before, if there was one */
  connect(last: C | null): C
  /** Nothing runs any more. */
  ended(): void
}

/**
 * The life of a scheduler.
 *
 * | mode       | meaning                             | entered by                          | tasks     |
 * |------------|-------------------------------------|-------------------------------------|-----------|
 * | `new`      | made, nothing runs                  | constructor                         | refused   |
 * | `starting` | lanes are being started             | `start` from `new` or `stopped`     | accepted  |
 * | `running`  | all lanes were ready                | the lanes                           | accepted  |
 * | `stopping` | tasks are cancelled, threads go     | `stop`                              | refused   |
 * | `stopped`  | nothing runs                        | the end of `stop`; a start that failed | refused |
 * | `closing`  | as `stopping`, for good             | `close`                             | refused   |
 * | `closed`   | nothing runs, for good              | the end of `close`                  | refused   |
 */
export class SchedulerLife<T, C extends SchedulerConnection> {
  readonly #owner: T
  readonly #grace: number
  readonly #observer: LifeObserver<C>
  readonly #clock: Clock
  #mode: Mode = 'new'
  #connection: C | null = null
  #starting: Promise<T> | null = null
  #stopping: Promise<void> | null = null
  #closing: Promise<void> | null = null
  /** The instant at which `close` gives up what a `stop` under way waits for. */
  #closeBy = Number.POSITIVE_INFINITY
  /** The connection while it is being closed. */
  #leaving: C | null = null

  /**
   * @param owner what `start` answers
   * @param grace milliseconds that the most patient lane gives a cancelled task
   */
  constructor(owner: T, grace: number, observer: LifeObserver<C>, clock: Clock = monotonicClock) {
    this.#owner = owner
    this.#grace = grace
    this.#observer = observer
    this.#clock = clock
  }

  /** The connection to the lanes; null while nothing runs. */
  get connection(): C | null {
    return this.#mode === 'stopped' || this.#mode === 'closed' ? null : this.#connection
  }

  /** @throws ClosedError while nothing runs */
  get present(): SchedulerConnection {
    if (this.connection === null) throw this.#refusal
    return this.connection
  }

  get #refusal(): ClosedError {
    if (this.#closing !== null) return new ClosedError('the scheduler is closed')
    return new ClosedError(`the scheduler ${this.#mode === 'new' ? 'was not started' : 'is stopped'}`)
  }

  /** @returns the owner, once all lanes are ready; the same promise for every call */
  start(): Promise<T> {
    if (this.#closing !== null) return Promise.reject(this.#refusal)
    if (this.#starting !== null) return this.#starting
    const stopping = this.#stopping
    // Whoever starts it first is not to be held, by way of the promise, for as long as it runs.
    const starting = inOwnContext(() => (stopping === null ? this.#start() : this.#startAfter(stopping)))
    // Unless it has failed already.
    if (stopping !== null || this.#mode === 'starting') this.#starting = starting
    return starting
  }

  #startAfter(stopping: Promise<void>): Promise<T> {
    const starting: Promise<T> = stopping.then(() => {
      // It was to end once more, or for good, while this start waited.
      if (this.#starting !== starting) throw this.#refusal
      return this.#start()
    })
    return starting
  }

  async #start(): Promise<T> {
    this.#mode = 'starting'
    const connection = this.#connect()
    this.#connection = connection
    // Or it was to end meanwhile, and may even have been started anew.
    const goesOn = (): boolean => this.#connection === connection && this.#mode === 'starting'
    try {
      await connection.started()
    } catch (error) {
      if (!goesOn()) throw this.#refusal
      this.#mode = 'stopped'
      this.#starting = null
      const { sender } = connection
      sender.undisturbed(() => {
        for (const lane of sender) lane.fail(error as Error)
      })
      await connection.close(0)
      // Unless it was started once more meanwhile.
      if (this.#connection === connection) this.#observer.ended()
      throw error
    }
    if (goesOn()) this.#mode = 'running'
    return this.#owner
  }

  #connect(): C {
    try {
      return this.#observer.connect(this.#connection)
    } catch (error) {
      this.#mode = 'stopped'
      this.#starting = null
      throw error
    }
  }

  /** @param timeout milliseconds for the threads to go by themselves before they are ended */
  stop(timeout: number): Promise<void> {
    if (this.#closing !== null) return this.#closing
    this.#starting = null
    this.#stopping ??= this.#end('stopping', 'stopped', timeout, timeout).finally(() => {
      this.#stopping = null
    })
    return this.#stopping
  }

  /**
   * @param timeout milliseconds for all of it together
   * @returns the same promise for every call
   */
  close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout)
    return this.#closing
  }

  async #close(timeout: number): Promise<void> {
    this.#closeBy = this.#clock.now() + timeout
    this.#starting = null
    if (this.#stopping !== null) await Promise.all([this.#stopping, this.#leaving?.close(timeout)])
    const left = Math.max(0, this.#closeBy - this.#clock.now())
    // What is left at the end of the time must still be aborted and ended within it.
    await this.#end('closing', 'closed', left, Math.min(left / 2, this.#grace))
  }

  /**
   * The one way out of work, for `stop` and `close` alike.
   *
   * @param timeout milliseconds for all of it together
   * @param reserve the part of it that is not spent on waiting for tasks
   */
  async #end(
    during: 'stopping' | 'closing',
    after: 'stopped' | 'closed',
    timeout: number,
    reserve: number,
  ): Promise<void> {
    const until = this.#clock.now() + timeout
    this.#mode = during
    const connection = this.#connection
    if (connection !== null) {
      const refusal = new ClosedError(
        during === 'closing' ? 'the scheduler is closed' : 'the scheduler is stopped',
      )
      const { sender } = connection
      for (const lane of sender) lane.refuse(refusal)
      await sender.idle(timeout - reserve, () =>
        sender.undisturbed(() => {
          // In all lanes before the first: a task of one may wait for one of another.
          for (const lane of sender) lane.untie()
          for (const lane of sender) lane.cancelAll(name => new TaskCanceledError(name, refusal))
        }),
      )
      // What the tasks did not need is the threads' own, for their teardown.
      const now = this.#clock.now()
      const least = Math.max(reserve, until - now)
      this.#leaving = connection
      // A `stop` is not to outlast the time of a `close` that has come meanwhile.
      await connection.close(during === 'closing' ? least : Math.min(least, Math.max(0, this.#closeBy - now)))
      this.#leaving = null
    }
    this.#observer.ended()
    this.#mode = after
  }
}
