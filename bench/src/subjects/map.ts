import { setImmediate as turn } from 'node:timers/promises'
import { heldBytes, openHeldLane } from '../held-lane.js'
import { sample } from '../sampling.js'
import type { Open } from './subject.js'

export type Way = 'map' | 'run'

export interface MapFigures {
  /** Tasks a second. */
  readonly rate: number
  /** What each of them holds while all wait, in bytes. */
  readonly bytes: number
}

/** What else the heap has more or less of does not show in so many tasks. */
const ENOUGH = 50_000

/** So many tasks of one turn, by `map` or by as many calls of `run`, all awaited. */
export const open: Open<Way, { readonly items: number; readonly time: number }, MapFigures> = async way => {
  const { lane, hold, close } = await openHeldLane()
  const callAll = (items: readonly number[]): Promise<unknown> =>
    way === 'map' ? lane.map('take', items) : Promise.all(items.map(item => lane.run('take', [item])))
  return {
    async round({ items, time }) {
      const values = Array.from({ length: items }, (_, i) => i)
      const { p50 } = await sample(5, time, () => callAll(values))
      const release = await hold()
      const before = heldBytes()
      const times = Math.ceil(ENOUGH / items)
      const all = Array.from({ length: times }, () => callAll(values))
      await turn()
      const bytes = (heldBytes() - before) / (times * items)
      await release()
      await Promise.all(all)
      return { rate: (items / p50) * 1000, bytes }
    },
    close,
  }
}
