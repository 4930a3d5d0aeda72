import { fileURLToPath } from 'node:url'
import { Piscina, queueOptionsSymbol } from 'piscina'
import { BULK_TASKS, type Engine, URGENT_TASKS } from './engine.js'
import { UrgentFirstQueue } from './urgent-first-queue.js'

const URGENT_FILE = fileURLToPath(URGENT_TASKS)
const BULK_FILE = fileURLToPath(BULK_TASKS)

/**
 * One pool for all. It gets as many threads as the others have together, and a queue in which urgent tasks go first,
 * which is the most that one pool can do for them.
 */
export async function startOnePool(cores: number, report: (error: unknown) => void): Promise<Engine> {
  const threads = cores + 1
  const pool = new Piscina({ minThreads: threads, maxThreads: threads, taskQueue: new UrgentFirstQueue() })
  pool.on('error', report)
  return {
    urgent: order =>
      pool.run(
        { ...order, [queueOptionsSymbol]: { urgent: true } },
        { filename: URGENT_FILE, name: 'priceOrder' },
      ),
    bulk: (kind, path) => pool.run(path, { filename: BULK_FILE, name: kind }),
    close: () => pool.destroy(),
  }
}

/** A pool of one thread for the urgent tasks, and one with a thread for each core. */
export async function startTwoPools(cores: number, report: (error: unknown) => void): Promise<Engine> {
  const urgent = new Piscina({ minThreads: 1, maxThreads: 1, filename: URGENT_FILE })
  const bulk = new Piscina({ minThreads: cores, maxThreads: cores, filename: BULK_FILE })
  for (const pool of [urgent, bulk]) pool.on('error', report)
  return {
    urgent: order => urgent.run(order, { name: 'priceOrder' }),
    bulk: (kind, path) => bulk.run(path, { name: kind }),
    close: async () => {
      await Promise.all([urgent.destroy(), bulk.destroy()])
    },
  }
}
