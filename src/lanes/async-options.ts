import type { QueueOptions } from './queue-options.js'
import type { SightOptions } from './sight-options.js'
import type { ThreadOptions } from './thread-options.js'

/** The threads on which `SyncTask`s run. They are started when there is work for them. */
export interface AsyncPoolOptions extends ThreadOptions {
  /** The most threads, 1 to 256, each of which runs one task at a time. Default as many as there are cores. */
  readonly threads?: number
  /** Milliseconds that a thread without work is kept. Default 10,000. */
  readonly idleTimeout?: number
  /** Milliseconds that a module has to load. Default 10,000. */
  readonly startTimeout?: number
}

/** The options of an `AsyncScheduler`. */
export interface AsyncSchedulerOptions extends SightOptions {
  /** `AsyncTask`s at a time, 1 to 65,536: those whose function was called and has not ended. Default 64. */
  readonly concurrency?: number
  /** How many `AsyncTask`s may wait, and how many `SyncTask`s. */
  readonly queue?: QueueOptions
  /** Milliseconds that a cancelled task has before it is given up, or its thread ended. Default 200. */
  readonly grace?: number
  /**
   * Milliseconds an `AsyncTask` may hold the event loop, from its start to its return or its first `await`; one that
   * holds it longer is told by the event `slow` when it lets go. Default 50; Infinity reports none.
   */
  readonly slowCallback?: number
  /** The threads on which `SyncTask`s run. */
  readonly pool?: AsyncPoolOptions
}

/** The names of its lanes. */
export type AsyncLane = 'loop' | 'pool'
