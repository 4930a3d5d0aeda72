/** Two kinds of work in one process: what must answer at once, and what fills every core. */
export interface Rig {
  urgent(seed: number): Promise<unknown>
  bulk(iterations: number): Promise<unknown>
  close(): Promise<unknown>
}

export type RigKind = 'lanes' | 'two pools' | 'two pools, bulk niced' | 'one pool with a priority queue'

/** Opens a rig with so many threads for the bulk work. */
export async function openRig(kind: RigKind, threads: number): Promise<Rig> {
  switch (kind) {
    case 'lanes':
      return (await import('./lanes.js')).openLanes(threads)
    case 'two pools':
      return (await import('./two-pools.js')).openTwoPools(threads, 0)
    case 'two pools, bulk niced':
      return (await import('./two-pools.js')).openTwoPools(threads, 10)
    case 'one pool with a priority queue':
      return (await import('./priority-pool.js')).openPriorityPool(threads)
  }
}
