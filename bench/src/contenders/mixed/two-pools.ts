import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { Rig } from './rig.js'

/** A pool for each kind of work, which is what one does when a priority queue does not help. */
export async function openTwoPools(threads: number, niceIncrement: number): Promise<Rig> {
  const filename = fileURLToPath(new URL('../../tasks/mixed.js', import.meta.url))
  const urgent = new Piscina({ filename, name: 'check', minThreads: 1, maxThreads: 1 })
  const bulk = new Piscina({
    filename,
    name: 'derive',
    minThreads: threads,
    maxThreads: threads,
    niceIncrement,
  })
  return {
    urgent: seed => urgent.run({ seed }),
    bulk: iterations => bulk.run({ iterations }),
    close: () => Promise.all([urgent.destroy(), bulk.destroy()]),
  }
}
