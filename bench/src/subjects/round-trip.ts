import { pinApart } from '../affinity.js'
import { type ContenderSetup, openContender, THREAD_NAME } from '../contenders/empty/contender.js'
import { sample } from '../sampling.js'
import type { Open } from './subject.js'

export interface RoundTripSetup {
  readonly contender: ContenderSetup
  readonly pinned: boolean
}

export interface RoundTripFigures {
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Why the threads could not be pinned. */
  readonly unpinned: string | null
}

/** One task at a time, each sent when the one before it has been answered. */
export const open: Open<RoundTripSetup, { readonly samples: number }, RoundTripFigures> = async setup => {
  const contender = await openContender(setup.contender)
  await contender.call('empty')
  const unpinned = setup.pinned ? pinApart(THREAD_NAME) : null
  return {
    async round({ samples }) {
      const { p50, p99 } = await sample(samples, 0, () => contender.call('empty'))
      return { p50: p50 * 1000, p99: p99 * 1000, unpinned }
    },
    close: () => contender.close(),
  }
}
