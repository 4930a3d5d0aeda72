import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { open, Waiter } from '../subjects/inheritance.js'
import { type Suite, turnsOf } from './suite.js'

/** An urgent task awaits one of the last of a long queue of bulk tasks, beside a task of their own priority that does. */
export const inheritance: Suite = async effort => {
  const request = { queued: effort.quick ? 1_000 : 10_000, behind: 10, each: 0.3 }
  const figures = await compete<typeof open, Waiter>('inheritance', turnsOf(effort, 7, 2), {
    urgent: { setup: 'urgent', request },
    equal: { setup: 'equal', request },
  })
  return {
    rows: [
      {
        what: `an urgent task awaits the last but ${request.behind} of ${request.queued.toLocaleString('en')} bulk tasks of ${request.each} ms, median`,
        unit: 'ms',
        ours: median(figures.urgent),
        peer: { name: 'awaited at their own priority', figure: median(figures.equal) },
        ratio: ratioOf(figures.urgent, figures.equal),
      },
    ],
    figures,
  }
}
