import { atMost } from '../bars.js'
import { interleave } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import { type Measured, SubjectProcess } from '../subject-process.js'
import type { open, StartUpFigures } from '../subjects/start-up.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

/** A scheduler with two lanes, ready, against two bare workers that have answered once. */
export const startUp: Suite = async effort => {
  const measure = async (what: 'lanes' | 'workers'): Promise<Measured<StartUpFigures>> => {
    const subject = await SubjectProcess.open<typeof open>('start-up', what)
    const figures = await subject.round(null)
    await subject.close()
    return figures
  }
  // The files are in the system's cache from then on.
  await measure('lanes')
  await measure('workers')
  const figures = await interleave(turnsOf(effort, 21, 3), {
    lanes: () => measure('lanes'),
    workers: () => measure('workers'),
  })
  const row = (what: string, key: keyof StartUpFigures): Row => {
    const ours = figures.lanes.map(figure => figure[key])
    const peers = figures.workers.map(figure => figure[key])
    return {
      what,
      unit: 'ms',
      ours: median(ours),
      peer: { name: 'two bare workers', figure: median(peers) },
      ratio: ratioOf(ours, peers),
    }
  }
  return {
    rows: [
      { ...row('a scheduler with two lanes, ready', 'ready'), bar: atMost(2.5, 2.1) },
      row('the same with the import of the library', 'withImport'),
    ],
    figures,
  }
}
