import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { LaneTerms } from '../bridge/sender-context.js'
import { ThreadBlock } from '../bridge/thread-block.js'
import { type LaneConfig, mostStalled } from './lane-config.js'
import type { LaneWorkerData, Lease } from './lease.js'
import { ModuleLoads } from './module-loads.js'
import { PoolExits } from './pool-exits.js'

/**
 * How long the pool keeps a thread above its minimum that was never leased, in milliseconds: until it has loaded the
 * task module, or a little longer.
 */
const SPARE_FOR_MS = 1_000

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
  readonly #loads: ModuleLoads
  readonly #exits: PoolExits

  /**
   * @param entry the URL of the file that threads are started with, which also holds the lease
   * @param lanes all there are, for the tasks that submit others
   */
  constructor(config: LaneConfig, entry: string, lanes: readonly LaneTerms[]) {
    const maxThreads = config.threads.max + mostStalled(config)
    // Some may be on their way out.
    this.#loads = new ModuleLoads(2 * maxThreads)
    const workerData: LaneWorkerData = {
      multilane: { tasks: config.tasks, lanes, loads: this.#loads.buffer },
      user: config.workerData,
    }
    this.#pool = new Piscina({
      filename: entry,
      name: 'lease',
      minThreads: config.threads.min,
      maxThreads,
      idleTimeout: SPARE_FOR_MS,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
      env: config.env,
      workerData,
      ...(config.resourceLimits === undefined ? {} : { resourceLimits: config.resourceLimits }),
      ...(config.execArgv === undefined ? {} : { execArgv: [...config.execArgv] }),
    })
    this.#exits = new PoolExits(this.#pool, this.#loads)
  }

  /** Errors that piscina raises outside any lease; without a listener they would end the thread. */
  onError(listener: (error: Error) => void): void {
    this.#pool.on('error', listener)
  }

  /**
   * Leases a thread.
   *
   * @param signal ends the thread, whatever it is doing; but if that is to load the task module, a little later
   * @returns never resolves; rejects when the thread has been ended or has died
   */
  lease(terms: Lease, signal: AbortSignal): Promise<unknown> {
    const end = new AbortController()
    const block = new ThreadBlock(terms.block)
    // Which thread has the lease is not known until it has reached it.
    const threads = (): readonly number[] => (block.thread === 0 ? this.#exits.threads : [block.thread])
    signal.addEventListener('abort', () => this.#loads.whenOver(threads, () => end.abort(signal.reason)), {
      once: true,
    })
    return this.#pool.run(terms, { name: 'lease', signal: end.signal, transferList: [terms.control] })
  }

  /** The worker that runs under a thread id; undefined if it has exited. */
  worker(threadId: number): Worker | undefined {
    return this.#exits.worker(threadId)
  }

  /** From now on what is ended is not replaced: piscina would start a thread in its place, which nobody leases. */
  replaceNoMore(): void {
    this.#pool.options.minThreads = 0
  }

  /** Ends all threads there are. Resolves when every one has exited. */
  destroy(): Promise<void> {
    return this.#exits.destroy()
  }
}
