import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { ModuleLoads } from './module-loads.js'
import { type ExitObserver, PoolExits } from './pool-exits.js'
import { isRefusal } from './refused-worker.js'
import type { SyncAnswer, SyncCall, SyncWorkerData } from './sync-call.js'

/** How the threads of a pool for `SyncTask`s are made. */
export interface SyncPoolTerms {
  /** The most there are. */
  readonly threads: number
  /** Milliseconds that a thread without work is kept. */
  readonly idleTimeout: number
  readonly resourceLimits: Readonly<Record<string, number>> | undefined
  readonly env: Readonly<Record<string, string>>
  readonly execArgv: readonly string[] | undefined
  readonly workerData: Omit<SyncWorkerData, 'loads'>
}

/** What a pool tells of its threads. */
export interface SyncPoolObserver extends ExitObserver {
  /** The operating system gave no thread: for the last of the calls that no thread has begun there is none. */
  refused(error: Error): void
  /** An error that piscina raises outside any task; without a listener it would be the process's. */
  failed(error: Error): void
}

/**
 * The threads on which blocking functions run, beside the loop that submits them: an ordinary piscina pool, one task
 * on a thread at a time.
 *
 * Never are there more tasks in it than threads, so that order, limits and cancels are those of the lane before it, and
 * piscina's queue holds only what a thread is being started for.
 */
export class SyncPool {
  readonly #pool: Piscina
  readonly #loads: ModuleLoads
  readonly #exits: PoolExits
  /** Why there can be no thread. */
  #flaw: { readonly error: unknown } | null = null

  /** @param entry the URL of the file that threads are started with, which also holds `call` */
  constructor(terms: SyncPoolTerms, entry: string, observer: SyncPoolObserver) {
    const { threads, idleTimeout, resourceLimits, env, execArgv } = terms
    // Some may be on their way out, or load what was given up.
    this.#loads = new ModuleLoads(4 * threads)
    const workerData: SyncWorkerData = { ...terms.workerData, loads: this.#loads.buffer }
    this.#pool = new Piscina({
      filename: entry,
      name: 'call',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout,
      concurrentTasksPerWorker: 1,
      // Its default would stop the timers that a task has left.
      atomics: 'disabled',
      recordTiming: false,
      env,
      workerData,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    })
    this.#exits = new PoolExits(this.#pool, this.#loads, observer)
    this.#pool.on('error', error => {
      if (isRefusal(error)) observer.refused(error)
      else observer.failed(error)
    })
  }

  /** Those that piscina has not ended. */
  get threads(): readonly Worker[] {
    // What it has in place of one that the operating system did not give has no id.
    return this.#pool.threads.filter(({ threadId }) => threadId >= 0)
  }

  /**
   * @param signal ends the thread, whatever it is doing
   * @returns rejects when the thread has been ended or has died, or if the call cannot be cloned
   */
  async run(call: SyncCall, transfer: readonly object[], signal: AbortSignal): Promise<SyncAnswer> {
    if (this.#flaw !== null) throw this.#flaw.error
    let answer: Promise<SyncAnswer>
    try {
      answer = this.#pool.run(call, { name: 'call', signal, transferList: [...transfer] as never })
    } catch (error) {
      // Node refuses the options of a thread, and piscina is left with a promise that nobody has.
      this.#flaw = { error }
      throw error
    }
    this.#exits.note()
    return answer
  }

  /** Calls back when a thread is not loading a module, or has been for long enough to be ended all the same. */
  whenLoaded(threadId: number, call: () => void): void {
    this.#loads.whenOver(() => [threadId], call)
  }

  /** As `PoolExits.of`. */
  exitOf(threadId: number): Promise<number> | undefined {
    return this.#exits.of(threadId)
  }

  /** Ends all threads. Resolves when every one has exited. */
  async destroy(): Promise<void> {
    if (this.#flaw === null) await this.#exits.destroy()
  }
}
