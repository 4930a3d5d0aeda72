import type { Parking } from '../../parking.js'
import type { Trips } from '../../tasks/lane-to-lane.js'

/** Two threads beside main, one of which calls the other. */
export interface BetweenContender {
  /** Measured on the one that calls, once main has parked or said that it stays free. */
  trips(parking: Parking, samples: number): Promise<Trips>
  /** So many tasks a second, so many of them at a time; measured as the trips are. */
  rate?(parking: Parking, calls: number, inFlight: number): Promise<number>
  /** The same from main to the thread that is called. */
  rateFromMain?(calls: number, inFlight: number): Promise<number>
  close(): Promise<unknown>
}

export type BetweenSetup = 'lanes' | 'workers'

/** The names of the two threads. */
export const NEAR = 'near'
export const FAR = 'far'

export async function openBetween(what: BetweenSetup): Promise<BetweenContender> {
  return what === 'lanes'
    ? (await import('./lanes.js')).openLanes()
    : (await import('./workers.js')).openWorkers()
}
