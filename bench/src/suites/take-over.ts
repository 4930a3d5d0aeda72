import { noMoreThan } from '../bars.js'
import { compete } from '../rounds.js'
import { median } from '../statistics.js'
import type { open } from '../subjects/take-over.js'
import { type Suite, turnsOf } from './suite.js'

/** From the start of a task that stalls its lane until the thousand behind it are done, under `onStall: 'replace'`. */
export const takeOver: Suite = async effort => {
  const { lane } = await compete<typeof open, 'lane'>('take-over', turnsOf(effort, 15, 2), {
    lane: { setup: null, request: { waiting: 1000 } },
  })
  return {
    rows: [
      {
        what: 'urgent lane stalled, 1,000 tasks behind: all done after its start, median',
        unit: 'ms',
        ours: median(lane.map(({ done }) => done)),
        bar: noMoreThan(1000),
      },
      {
        what: 'of which until the stall is told (stallAfter 100), median',
        unit: 'ms',
        ours: median(lane.map(({ told }) => told)),
      },
    ],
    figures: lane,
  }
}
