import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { Contender } from './contender.js'

/** One thread; options that are left out are piscina's own defaults. */
export async function openPiscina(
  atomics: 'sync' | 'async' | 'disabled' | undefined,
  perWorker: number | undefined,
): Promise<Contender> {
  const pool = new Piscina<undefined, unknown>({
    filename: fileURLToPath(new URL('../../tasks/empty.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    ...(atomics === undefined ? {} : { atomics }),
    ...(perWorker === undefined ? {} : { concurrentTasksPerWorker: perWorker }),
  })
  return { tasksPerCall: 1, call: name => pool.run(undefined, { name }), close: () => pool.destroy() }
}
