import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { type FaultsContender, HEAP_MB } from './contender.js'

/** One thread. A limit of time is a signal there; its own port is not known to its tasks. */
export async function openPiscina(): Promise<FaultsContender> {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('../../tasks/faults.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  return {
    told: { loop: 'AbortError', exit: 'Error', exhaustHeap: 'ERR_WORKER_OUT_OF_MEMORY' },
    run(name, stage, { timeout, signal = null } = {}) {
      return pool.run(stage, { name, signal: timeout === undefined ? signal : AbortSignal.timeout(timeout) })
    },
    close: () => pool.destroy(),
  }
}
