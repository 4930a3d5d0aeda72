import type { Worker } from 'node:worker_threads'
import type { ModuleLoads } from './module-loads.js'

/** As much of a piscina pool as is needed to see its threads go. */
interface WatchedPool {
  readonly threads: readonly Worker[]
  on(event: 'workerCreate', listener: () => void): unknown
  destroy(): Promise<void>
}

/** Is told of each thread when it is made, and when it has gone. */
export interface ExitObserver {
  created(worker: Worker): void
  exited(worker: Worker, code: number): void
}

const NOBODY: ExitObserver = { created: () => {}, exited: () => {} }

/**
 * When the threads of a piscina pool have really gone. Piscina forgets a thread that it ends, and rejects what ran on
 * it, while native code may go on there for long.
 */
export class PoolExits {
  readonly #pool: WatchedPool
  readonly #loads: ModuleLoads
  /** Of the workers that have not exited, those included that piscina has ended and forgotten. */
  readonly #exits = new Map<Worker, Promise<number>>()
  readonly #byNumber = new Map<number, Promise<number>>()
  readonly #observer: ExitObserver

  constructor(pool: WatchedPool, loads: ModuleLoads, observer: ExitObserver = NOBODY) {
    this.#pool = pool
    this.#loads = loads
    this.#observer = observer
    pool.on('workerCreate', () => this.note())
  }

  /** The ids of those that have not exited. */
  get threads(): readonly number[] {
    this.note()
    return [...this.#exits.keys()].map(({ threadId }) => threadId)
  }

  /** Resolves with the exit code of a thread when it has gone; undefined if it had in an earlier turn of the loop. */
  of(threadId: number): Promise<number> | undefined {
    return this.#byNumber.get(threadId)
  }

  /** The worker that runs under a thread id; undefined if it has exited. */
  worker(threadId: number): Worker | undefined {
    this.note()
    for (const worker of this.#exits.keys()) if (worker.threadId === threadId) return worker
    return undefined
  }

  /** Looks for new threads: piscina tells of one only when it is ready, and it may never be. */
  note(): void {
    for (const worker of this.#pool.threads) {
      const { threadId } = worker
      // One that the operating system did not give is not a worker at all.
      if (threadId < 0 || this.#exits.has(worker)) continue
      const exit = new Promise<number>(resolve => {
        worker.once('exit', code => {
          this.#exits.delete(worker)
          this.#loads.forget(threadId)
          // Whoever had a task on it is told by piscina in this very turn, and asks then.
          setImmediate(() => this.#byNumber.delete(threadId))
          this.#observer.exited(worker, code)
          resolve(code)
        })
      })
      this.#exits.set(worker, exit)
      this.#byNumber.set(threadId, exit)
      this.#observer.created(worker)
    }
  }

  /**
   * Ends all threads there are.
   *
   * @returns resolves when every one has exited: the exit of a worker whose parent is ended before is not noticed by
   *   Node, which then keeps a port for it for ever
   */
  async destroy(): Promise<void> {
    // More than once: until its `destroy`, piscina replaces whatever is ended.
    do {
      await new Promise<void>(resolve => this.#loads.whenOver(() => this.threads, resolve))
      await this.#pool.destroy()
      await Promise.all(this.#exits.values())
    } while (this.#pool.threads.length > 0)
  }
}
