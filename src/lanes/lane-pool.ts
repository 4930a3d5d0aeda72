import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { LaneTerms } from '../bridge/sender-context.js'
import { type LaneConfig, mostStalled } from './lane-config.js'
import type { LaneWorkerData, Lease } from './lease.js'
import { PoolExits } from './pool-exits.js'

/**
 * Where a lane's threads come from: one piscina pool, each thread of which is leased for good by one task.
 *
 * A lease is never given back, for the pool could lease the same thread again before it has ended it, and what a task
 * module has set up and torn down is of no more use: a thread that is done is ended through its lease's signal. What
 * the pool itself may end is a thread above its minimum that was never leased; after a death in an elastic lane it
 * starts one of its own accord beside the one that the next lease asks for.
 *
 * Nothing goes through piscina's queue: there are never more leases than threads. Its own figures mean nothing under
 * leases, its `close()` would wait for them, and its default wait between tasks would stop our timers; so all three
 * are left aside.
 */
export class LanePool {
  readonly #pool: Piscina
  readonly #exits: PoolExits

  /**
   * @param entry the URL of the file that threads are started with, which also holds the lease
   * @param lanes all there are, for the tasks that submit others
   */
  constructor(config: LaneConfig, entry: string, lanes: readonly LaneTerms[]) {
    const workerData: LaneWorkerData = {
      multilane: { tasks: config.tasks, lanes },
      user: config.workerData,
    }
    this.#pool = new Piscina({
      filename: entry,
      name: 'lease',
      minThreads: config.threads.min,
      maxThreads: config.threads.max + mostStalled(config),
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
      env: config.env,
      workerData,
      ...(config.resourceLimits === undefined ? {} : { resourceLimits: config.resourceLimits }),
      ...(config.execArgv === undefined ? {} : { execArgv: [...config.execArgv] }),
    })
    this.#exits = new PoolExits(this.#pool)
  }

  /** Errors that piscina raises outside any lease; without a listener they would end the thread. */
  onError(listener: (error: Error) => void): void {
    this.#pool.on('error', listener)
  }

  /**
   * Leases a thread.
   *
   * @param signal ends the thread, whatever it is doing
   * @returns never resolves; rejects when the thread has been ended or has died
   */
  lease(terms: Lease, signal: AbortSignal): Promise<unknown> {
    return this.#pool.run(terms, { name: 'lease', signal, transferList: [terms.control] })
  }

  /** The worker that runs under a thread id; undefined if it has exited. */
  worker(threadId: number): Worker | undefined {
    return this.#exits.worker(threadId)
  }

  /** Ends all threads there are. Resolves when every one has exited. */
  destroy(): Promise<void> {
    return this.#exits.destroy()
  }
}
