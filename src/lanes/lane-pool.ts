import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { LaneTerms } from '../bridge/sender-context.js'
import { ThreadBlock } from '../bridge/thread-block.js'
import { type LaneConfig, mostStalled } from './lane-config.js'
import type { LaneWorkerData, Lease } from './lease.js'
import { ModuleLoads } from './module-loads.js'
import { PoolExits } from './pool-exits.js'
import { isRefusal } from './refused-worker.js'

/**
 * How long the pool keeps a thread above its minimum that was never leased, in milliseconds: until it has loaded the
 * task module, or a little longer.
 */
const SPARE_FOR_MS = 1_000

/** One lease that has not ended. */
interface OpenLease {
  readonly block: ThreadBlock
  /** There is no thread for it. */
  fail(error: Error): void
}

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
  readonly #leases = new Set<OpenLease>()
  #onError: (error: Error) => void = () => {}

  /**
   * @param entry the URL of the file that threads are started with, which also holds the lease
   * @param lanes all there are, for the tasks that submit others
   * @param written where threads count that they write
   */
  constructor(config: LaneConfig, entry: string, lanes: readonly LaneTerms[], written: SharedArrayBuffer) {
    const maxThreads = config.threads.max + mostStalled(config)
    // Some may be on their way out.
    this.#loads = new ModuleLoads(2 * maxThreads)
    const workerData: LaneWorkerData = {
      multilane: { tasks: config.tasks, lanes, loads: this.#loads.buffer, written },
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
    this.#pool.on('error', error => this.#failed(error))
  }

  /** Errors that piscina raises outside any lease. */
  onError(listener: (error: Error) => void): void {
    this.#onError = listener
  }

  /**
   * Leases a thread.
   *
   * @param signal ends the thread, whatever it is doing; but if that is to load the task module, a little later
   * @returns never resolves; rejects when the thread has been ended or has died, or if there is none to be had
   */
  async lease(terms: Lease, signal: AbortSignal): Promise<unknown> {
    const end = new AbortController()
    let flaw: Error | undefined
    const block = new ThreadBlock(terms.block)
    const lease: OpenLease = {
      block,
      fail: error => {
        flaw = error
        over()
      },
    }
    const over = (): void => {
      this.#leases.delete(lease)
      end.abort(signal.reason)
    }
    this.#leases.add(lease)
    // Which thread has the lease is not known until it has reached it.
    const threads = (): readonly number[] => (block.thread === 0 ? this.#exits.threads : [block.thread])
    signal.addEventListener('abort', () => this.#loads.whenOver(threads, over), { once: true })
    try {
      return await this.#pool.run(terms, { name: 'lease', signal: end.signal, transferList: [terms.control] })
    } catch (error) {
      throw flaw ?? error
    } finally {
      this.#leases.delete(lease)
    }
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

  /**
   * A thread that nothing had been given to has died. If there is now one too few for the leases that wait for theirs, the
   * latest of these has none: piscina would keep it until some other is free, which none ever is.
   */
  #failed(error: Error): void {
    const waiting = [...this.#leases].filter(({ block }) => block.thread === 0)
    const leased = new Set(Array.from(this.#leases, ({ block }) => block.thread))
    const free = this.#pool.threads.filter(({ threadId }) => !leased.has(threadId))
    if (waiting.length > free.length) waiting.at(-1)!.fail(error)
    // What nobody has asked for, nobody misses.
    else if (!isRefusal(error)) this.#onError(error)
  }
}
