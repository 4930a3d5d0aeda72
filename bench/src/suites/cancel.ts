import { noMoreThan } from '../bars.js'
import { compete } from '../rounds.js'
import { median } from '../statistics.js'
import type { open } from '../subjects/cancel.js'
import { type Suite, turnsOf } from './suite.js'

/** From `cancel()` of a task that has not started to its rejected result, while its lane's loop is blocked. */
export const cancel: Suite = async effort => {
  const { quick } = effort
  const samples = quick ? 100 : 500
  const { lane } = await compete<typeof open, 'lane'>('cancel', turnsOf(effort, 9, 2), {
    lane: { setup: null, request: { samples } },
  })
  return {
    rows: [
      {
        what: 'cancel of a task that has not started, on a blocked lane, median',
        unit: 'ms',
        ours: median(lane.map(({ p50 }) => p50)),
        bar: noMoreThan(1),
      },
      {
        what: 'cancel of a task that has not started, on a blocked lane, p99',
        unit: 'ms',
        ours: median(lane.map(({ p99 }) => p99)),
      },
    ],
    figures: lane,
  }
}
