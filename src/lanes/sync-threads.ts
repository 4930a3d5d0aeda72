import { randomUUID } from 'node:crypto'
import Module from 'node:module'
import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { decodeError, type EncodedError } from '../bridge/error-codec.js'
import type { AsyncSchedulerConfig } from './async-config.js'
import { LastOutput } from './last-output.js'
import type { LoopShares } from './loop-shares.js'
import type { SyncExecutor } from './pool-lane.js'
import type { SyncAnswer, SyncCall } from './sync-call.js'
import type { SyncPool, SyncPoolObserver, SyncPoolTerms } from './sync-pool.js'
import { syncEntry, syncPool } from './thread-entries.js'

/** What is told of the threads as a whole. */
export interface SyncThreadsObserver {
  /** There is one thread more. */
  given(): void
  /** As `SyncPoolObserver.refused`. */
  refused(error: Error): void
  /** The last thread has gone. @param code its exit code */
  noneLeft(code: number): void
  /** Takes errors that belong to no task. */
  report(error: unknown): void
}

/** The pool of an `AsyncScheduler`, made when the first blocking function is to run: most programs have none. */
export class SyncThreads implements SyncExecutor {
  readonly #config: AsyncSchedulerConfig
  readonly #loops: LoopShares
  readonly #observer: SyncThreadsObserver
  #pool: SyncPool | null = null
  #faults: BroadcastChannel | null = null
  #output: LastOutput | null = null
  #runs = 0

  /** @param loops where the threads' loops are measured */
  constructor(config: AsyncSchedulerConfig, loops: LoopShares, observer: SyncThreadsObserver) {
    this.#config = config
    this.#loops = loops
    this.#observer = observer
  }

  get count(): number {
    return this.#pool?.threads.length ?? 0
  }

  async run(call: SyncCall, transfer: readonly object[], signal: AbortSignal): Promise<SyncAnswer> {
    this.#pool ??= this.#makePool()
    this.#runs++
    return this.#pool.run(call, transfer, signal)
  }

  whenLoaded(threadId: number, call: () => void): void {
    this.#pool?.whenLoaded(threadId, call)
  }

  exitOf(threadId: number): Promise<number> | undefined {
    return this.#pool?.exitOf(threadId)
  }

  /** Ends all threads. Resolves when every one has exited. */
  async destroy(): Promise<void> {
    this.#output?.stop()
    await this.#pool?.destroy()
    this.#faults?.close()
  }

  #makePool(): SyncPool {
    const { pool, threads } = this.#config
    const { startTimeout, ...options } = threads
    const faults = `multilane faults ${randomUUID()}`
    // Threads hand it over before they answer.
    this.#output = new LastOutput(
      () => this.#runs,
      async () => {},
    )
    this.#output.watch()
    const terms: SyncPoolTerms = {
      ...options,
      threads: pool.concurrency,
      workerData: { faults, startTimeout, lane: pool.name, written: this.#output.count },
    }
    this.#listen(faults)
    return new (loadPool().SyncPool)(terms, syncEntry.href, this.#watcher)
  }

  readonly #watcher: SyncPoolObserver = {
    created: worker => {
      this.#loops.joined(worker)
      this.#observer.given()
    },
    exited: (worker, code) => {
      this.#loops.left(worker)
      if (this.count === 0) this.#observer.noneLeft(code)
    },
    refused: error => this.#observer.refused(error),
    failed: error => this.#observer.report(error),
  }

  /** Told by name, since piscina's own ports have no room for more. */
  #listen(name: string): void {
    this.#faults = new BroadcastChannel(name)
    this.#faults.onmessage = event => {
      const { data } = event as { readonly data: EncodedError }
      this.#observer.report(decodeError(data))
    }
    this.#faults.unref()
  }
}

function loadPool(): {
  readonly SyncPool: new (...args: ConstructorParameters<typeof SyncPool>) => SyncPool
} {
  const path = fileURLToPath(syncPool)
  // By its name alone, webpack would resolve what is required while it bundles.
  return Module.createRequire(path)(path)
}
