import { EventEmitter } from 'node:events'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Whether it is what Node says of a thread that the operating system did not give, or gave too little to begin. */
export function isRefusal(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === 'ERR_WORKER_INIT_FAILED'
}

/**
 * What piscina has in place of a worker that the operating system did not give: one that fails before it has begun.
 *
 * Node throws then, where the worker is made. Piscina makes some in the midst of its own events, where nobody could catch
 * that, and forgets what it was to run, so that its promise rejects unseen later on. A worker that fails it can bear.
 */
class RefusedWorker extends EventEmitter {
  /** As of a worker that has gone. */
  readonly threadId = -1

  constructor(error: unknown) {
    super()
    // When piscina listens, and those know who lost a worker in its place; but before it is given anything.
    process.nextTick(() => queueMicrotask(() => this.emit('error', error)))
  }

  postMessage(): void {}

  ref(): void {}

  unref(): void {}

  async terminate(): Promise<number> {
    return 1
  }
}

/** What piscina makes its threads with; `scripts/bundle-entries.mjs` has it do so. */
export function startWorker(file: string, options: WorkerOptions): Worker | RefusedWorker {
  try {
    return new Worker(file, options)
  } catch (error) {
    if (isRefusal(error)) return new RefusedWorker(error)
    throw error
  }
}
