import { pinApart } from '../affinity.js'
import { THREAD_NAME } from '../contenders/empty/contender.js'
import { openSyncContender, type SyncSetup } from '../contenders/sync/contender.js'
import { sampleSync } from '../sampling.js'
import type { RoundTripFigures } from './round-trip.js'
import type { Open } from './subject.js'

export interface SyncWaitSetup {
  readonly contender: SyncSetup
  readonly pinned: boolean
}

/** One call after the other, each waited for synchronously. */
export const open: Open<SyncWaitSetup, { readonly samples: number }, RoundTripFigures> = async setup => {
  const contender = await openSyncContender(setup.contender)
  contender.call()
  const unpinned = setup.pinned ? pinApart(THREAD_NAME) : null
  return {
    async round({ samples }) {
      const { p50, p99 } = sampleSync(samples, () => contender.call())
      return { p50: p50 * 1000, p99: p99 * 1000, unpinned }
    },
    close: () => contender.close(),
  }
}
