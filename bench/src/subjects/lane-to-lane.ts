import { pinApart } from '../affinity.js'
import { type BetweenSetup, FAR, NEAR, openBetween } from '../contenders/between/contender.js'
import { newParking, park, stayFree } from '../parking.js'
import { median } from '../statistics.js'
import type { Trips } from '../tasks/lane-to-lane.js'
import type { Open } from './subject.js'

export interface LaneToLaneSetup {
  readonly contender: BetweenSetup
  readonly pinned: boolean
}

export interface LaneToLaneRequest {
  /** Stretches with main free, and as many with main parked in between. */
  readonly stretches: number
  /** Round trips in each of them. */
  readonly samples: number
  /** Tasks of the bursts by which the rates are measured. */
  readonly calls: number
  readonly inFlight: number
}

export interface LaneToLaneFigures {
  /** Microseconds, medians of the stretches. */
  readonly free: Trips
  readonly parked: Trips
  /** Tasks a second. */
  readonly rates: { readonly between: number; readonly fromMain: number } | null
  /** Why the threads could not be pinned. */
  readonly unpinned: string | null
}

/** From one thread to another, neither of them main; all of it in one process, so that the threads are the same. */
export const open: Open<LaneToLaneSetup, LaneToLaneRequest, LaneToLaneFigures> = async setup => {
  const contender = await openBetween(setup.contender)
  const stretch = (parked: boolean, samples: number): Promise<Trips> => {
    const parking = newParking()
    const measured = contender.trips(parking, samples)
    return afterSending(() => (parked ? park(parking) : stayFree(parking))).then(() => measured)
  }
  await stretch(false, 1)
  const unpinned = setup.pinned ? pinApart(FAR, NEAR) : null
  return {
    async round({ stretches, samples, calls, inFlight }) {
      const free: Trips[] = []
      const parked: Trips[] = []
      for (let i = 0; i < stretches; i++) {
        free.push(await stretch(false, samples))
        parked.push(await stretch(true, samples))
      }
      const rates = (await contender.rates?.(calls, inFlight)) ?? null
      return { free: middle(free), parked: middle(parked), rates, unpinned }
    },
    close: () => contender.close(),
  }
}

/** What was submitted in this turn has left this thread when the next one begins. */
function afterSending(act: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        act()
        resolve()
      } catch (error) {
        reject(error)
      }
    })
  })
}

function middle(trips: readonly Trips[]): Trips {
  return {
    p50: median(trips.map(({ p50 }) => p50)) * 1000,
    p99: median(trips.map(({ p99 }) => p99)) * 1000,
  }
}
