import type { Job } from '#src/bridge/job.js'
import { DeadlockError, MultilaneError, TaskCanceledError, WaitTimeoutError } from '#src/core/errors.js'
import type { TaskHandle } from '#src/lanes/task-handle.js'
import type { Detectors } from './detectors.js'
import type { NestingExtras } from './nesting-extras.js'
import type { Races } from './races.js'
import { Died } from './sim-actor.js'
import type { Entry } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** Sums of instants are not exact. */
const ROUNDING_MS = 1e-6

/** What a synchronous wait came to: a value, an error, or null if it was given up. */
export type SyncOutcome = { readonly value: unknown } | { readonly error: unknown } | null

/**
 * Synchronous waits of simulated tasks: the real ones, in which the thread serves its ports itself.
 *
 * Only one thread can be blocked at a time, and only at the bottom of the stack: what is above it has to return before it
 * can go on, and must not wait for it. And promises settle between turns alone, of which such a wait is a part. So what
 * runs asynchronously does not end meanwhile, and no thread is replaced: each wait has a time of its own.
 */
export class SimSyncWaits {
  readonly #world: SimWorld
  readonly #races: Races
  readonly #detectors: Detectors
  readonly #extras: NestingExtras
  /** Whether threads may die. */
  deadly = false

  constructor(world: SimWorld, races: Races, detectors: Detectors, extras: NestingExtras) {
    this.#world = world
    this.#races = races
    this.#detectors = detectors
    this.#extras = extras
  }

  /** Whether the wait that is about to begin is to be one. */
  isDue(): boolean {
    return this.#world.isAlone && this.#extras.chance(this.#extras.blocks)
  }

  /**
   * @param job that waits, if it is one
   * @param isRefused whether it is to be refused if the task has not ended
   * @returns what the handle told, or null if the wait ended without
   */
  result(
    thread: SimThread,
    job: Job | null,
    handle: TaskHandle,
    entry: Entry,
    isRefused = false,
  ): SyncOutcome {
    const { random } = this.#extras
    const timeout = random.pick([1, 10, 50])
    if (this.deadly && random.chance(0.1)) thread.actor.doom = 1 + random.below(10)
    const since = this.#world.now()
    const wasOver = entry.task.dead
    const wrong = (message: string): never => this.#detectors.fail('waits', message, { entry, thread })
    try {
      const value = thread.blocks(job, () => handle.resultSync({ timeout }))
      this.#races.hit('waited synchronously')
      if (isRefused && !wasOver) wrong('it is waited for where nobody may wait')
      return { value }
    } catch (error) {
      if (error instanceof Died || !(error instanceof Error)) throw error
      if (error instanceof WaitTimeoutError) {
        this.#races.hit('synchronous wait over its time')
        if (this.#world.now() < since + timeout - ROUNDING_MS) wrong(`${timeout} ms were over too soon`)
        return null
      }
      if (error instanceof DeadlockError) {
        this.#races.hit('synchronous wait refused')
        if (!isRefused && !needs(entry, thread.lane)) wrong(`it is told ${error.message}`)
        return null
      }
      // One that was given up may have no slot any more that would show it.
      if (error instanceof TaskCanceledError && (job === null || job.ended || job.source.isCancelled(job))) {
        this.#races.hit('synchronous wait interrupted')
        return null
      }
      if (!entry.task.dead && entry.sender === thread.sender) wrong(`it is not over, and told ${error}`)
      this.#races.hit('failure heard of in a synchronous wait')
      if (!(error instanceof MultilaneError) && !(error instanceof TypeError)) throw error
      return { error }
    }
  }
}

/** Whether a task may need a thread of a lane before it has ended: for itself, or for one that it waits for. */
function needs(entry: Entry, lane: string): boolean {
  // Such a one waits for those whose handles it was given, which may be any.
  if (entry.kind === 'awaits' || entry.task.target.lane === lane) return true
  const called = entry.begun
    .flatMap(({ sender }) => sender?.entries ?? [])
    .filter(one => one.parent === entry)
  return [...entry.after, ...called].some(one => needs(one, lane))
}
