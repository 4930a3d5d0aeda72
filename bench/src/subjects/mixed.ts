import { setTimeout as sleep } from 'node:timers/promises'
import { openRig, type RigKind } from '../contenders/mixed/rig.js'
import type { Open } from './subject.js'

export interface MixedSetup {
  readonly rig: RigKind
  readonly bulkThreads: number
}

/** The bulk work of a round, the same amount for all. */
export interface BulkWork {
  readonly jobs: number
  readonly iterations: number
}

export interface MixedRequest {
  readonly bulk: BulkWork | null
  /** So many urgent tasks; null for as many as there is time for while the bulk work runs. */
  readonly urgent: number | null
}

export interface MixedFigures {
  /** Of each urgent task, from the call to its result, in microseconds. */
  readonly latencies: readonly number[]
  /** Milliseconds until the last bulk job was done; 0 without any. */
  readonly bulkTime: number
}

/** Milliseconds between urgent tasks: uneven, so that they fall in step with nothing. */
const GAPS = [2, 3, 2, 4, 3]

/**
 * Urgent tasks beside bulk work. The next urgent task is begun when the one before it has been answered, which
 * flatters those who answer late: what would have queued behind a late one is not asked.
 */
export const open: Open<MixedSetup, MixedRequest, MixedFigures> = async ({ rig: kind, bulkThreads }) => {
  const rig = await openRig(kind, bulkThreads)
  return {
    async round({ bulk, urgent }) {
      const start = performance.now()
      let bulkTime = 0
      const jobs = Array.from({ length: bulk?.jobs ?? 0 }, () => rig.bulk(bulk!.iterations))
      const done = Promise.all(jobs).then(() => {
        if (bulk !== null) bulkTime = performance.now() - start
      })
      const latencies: number[] = []
      for (let seed = 0; urgent === null ? bulkTime === 0 : seed < urgent; seed++) {
        await sleep(GAPS[seed % GAPS.length])
        const asked = performance.now()
        await rig.urgent(seed)
        latencies.push((performance.now() - asked) * 1000)
      }
      await done
      return { latencies, bulkTime }
    },
    close: () => rig.close(),
  }
}
