/** Tasks that call another lane, and measure it there: main may be parked meanwhile. */
import { currentTask } from 'multilane/task'
import { type Parking, whileParked } from '../parking.js'
import { pump } from '../pump.js'
import { sample } from '../sampling.js'

type Calling = typeof import('./lane-to-lane.js')

export type Names = 'near' | 'far'

/** Milliseconds. */
export interface Trips {
  readonly p50: number
  readonly p99: number
}

export function empty(): void {}

/** One empty task at a time on the other lane. */
export async function trips(parking: Parking, samples: number): Promise<Trips> {
  const { far } = currentTask<Calling, Names>().lanes
  return whileParked(parking, async () => {
    const { p50, p99 } = await sample(samples, 0, () => far.run('empty'))
    return { p50, p99 }
  })
}

/** So many empty tasks on the other lane, so many of them at a time. @returns tasks a second */
export async function rate(parking: Parking, calls: number, inFlight: number): Promise<number> {
  const { far } = currentTask<Calling, Names>().lanes
  return whileParked(parking, async () => {
    const start = performance.now()
    await pump(() => far.run('empty'), calls, inFlight)
    return (calls / (performance.now() - start)) * 1000
  })
}
