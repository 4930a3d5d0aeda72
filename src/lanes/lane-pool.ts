import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { LaneConfig } from './lane-config.js'
import type { LaneWorkerData, Lease } from './lease.js'

/**
 * Where a lane's threads come from: one piscina pool, each thread of which is leased for good by one task.
 *
 * Nothing goes through piscina's queue: there are never more leases than threads. Its own figures mean nothing under
 * leases, its `close()` would wait for them, and its default wait between tasks would stop our timers; so all three
 * are left aside.
 */
export class LanePool {
  readonly #pool: Piscina

  /** @param entry the URL of the file that threads are started with, which also holds the lease */
  constructor(config: LaneConfig, entry: string) {
    const workerData: LaneWorkerData = { multilane: { tasks: config.tasks }, user: config.workerData }
    this.#pool = new Piscina({
      filename: entry,
      name: 'lease',
      minThreads: config.threads,
      maxThreads: config.threads,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
      env: config.env,
      workerData,
      ...(config.resourceLimits === undefined ? {} : { resourceLimits: config.resourceLimits }),
      ...(config.execArgv === undefined ? {} : { execArgv: [...config.execArgv] }),
    })
  }

  /** Errors that piscina raises outside any lease; without a listener they would end the thread. */
  onError(listener: (error: Error) => void): void {
    this.#pool.on('error', listener)
  }

  /**
   * Leases a thread.
   *
   * @param signal ends the thread, whatever it is doing
   * @returns resolves when the thread has given the lease back, rejects when it has died
   */
  lease(terms: Lease, signal: AbortSignal): Promise<null> {
    return this.#pool.run(terms, { name: 'lease', signal, transferList: [terms.control] })
  }

  /** The worker that runs under a thread id, while it lives. */
  worker(threadId: number): Worker | undefined {
    return this.#pool.threads.find(worker => worker.threadId === threadId)
  }

  /** Ends all threads there are. Leases must have been given back, or they are lost. */
  async destroy(): Promise<void> {
    const exits = this.#pool.threads.map(worker => once(worker, 'exit'))
    await this.#pool.destroy()
    await Promise.all(exits)
  }
}
