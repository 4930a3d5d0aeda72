import { workerData } from 'node:worker_threads'

/** In place of the lane entry: never gives its thread back. */
export function lease(terms: { readonly started: Int32Array }): Promise<never> {
  Atomics.store(terms.started, 0, (workerData as { user: number }).user)
  Atomics.notify(terms.started, 0)
  return new Promise(() => {})
}
