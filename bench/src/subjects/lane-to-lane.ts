import { pinApart } from '../affinity.js'
import {
  type BetweenContender,
  type BetweenSetup,
  FAR,
  NEAR,
  openBetween,
} from '../contenders/between/contender.js'
import { newParking, type Parking, park, stayFree } from '../parking.js'
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
  /** Tasks in each of the bursts by which the rates are measured. */
  readonly calls: number
  readonly inFlight: number
}

export interface LaneToLaneFigures {
  /** Microseconds, medians of the stretches. */
  readonly free: Trips
  readonly parked: Trips
  /** Tasks a second, medians of the stretches; of lanes whose threads are not pinned. */
  readonly rates: Rates | null
  /** Why the threads could not be pinned. */
  readonly unpinned: string | null
}

/** From the one thread to the other with main free and with main parked, and from main to that. */
export interface Rates {
  readonly free: number
  readonly parked: number
  readonly fromMain: number
}

/** From one thread to another, neither of them main; all of it in one process, so that the threads are the same. */
export const open: Open<LaneToLaneSetup, LaneToLaneRequest, LaneToLaneFigures> = async setup => {
  const contender = await openBetween(setup.contender)
  const trips = (parked: boolean, samples: number): Promise<Trips> =>
    withMain(parked, parking => contender.trips(parking, samples))
  await trips(false, 1)
  const unpinned = setup.pinned ? pinApart(FAR, NEAR) : null
  return {
    async round({ stretches, samples, calls, inFlight }) {
      const free: Trips[] = []
      const parked: Trips[] = []
      for (let i = 0; i < stretches; i++) {
        free.push(await trips(false, samples))
        parked.push(await trips(true, samples))
      }
      const rates = setup.pinned ? null : await ratesOf(contender, stretches, calls, inFlight)
      return { free: middle(free), parked: middle(parked), rates, unpinned }
    },
    close: () => contender.close(),
  }
}

async function ratesOf(
  { rate, rateFromMain }: BetweenContender,
  stretches: number,
  calls: number,
  inFlight: number,
): Promise<Rates | null> {
  if (rate === undefined || rateFromMain === undefined) return null
  const free: number[] = []
  const parked: number[] = []
  const fromMain: number[] = []
  for (let i = 0; i < stretches; i++) {
    free.push(await withMain(false, parking => rate(parking, calls, inFlight)))
    parked.push(await withMain(true, parking => rate(parking, calls, inFlight)))
    fromMain.push(await rateFromMain(calls, inFlight))
  }
  return { free: median(free), parked: median(parked), fromMain: median(fromMain) }
}

/** Measures while main, this thread, is parked, or stays free. */
function withMain<T>(parked: boolean, measure: (parking: Parking) => Promise<T>): Promise<T> {
  const parking = newParking()
  const measured = measure(parking)
  return afterSending(() => (parked ? park(parking) : stayFree(parking))).then(() => measured)
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
