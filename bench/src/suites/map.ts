import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { MapFigures, open, Way } from '../subjects/map.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const SIZES = [1_000, 10_000] as const

/** `lane.map` beside as many calls of `run` in one turn. */
export const map: Suite = async effort => {
  const rows: Row[] = []
  const figures: Record<string, unknown> = {}
  for (const items of SIZES) {
    const request = { items, time: effort.quick ? 60 : 300 }
    const measured = await compete<typeof open, Way>(
      'map',
      turnsOf(effort, 9, 2),
      { map: { setup: 'map', request }, run: { setup: 'run', request } },
      // Until everything is compiled.
      3,
    )
    figures[items] = measured
    const row = (what: string, unit: Row['unit'], key: keyof MapFigures): Row => {
      const ours = measured.map.map(one => one[key])
      const peers = measured.run.map(one => one[key])
      return {
        what: `\`map\` of ${items.toLocaleString('en')} items, ${what}`,
        unit,
        ours: median(ours),
        peer: { name: 'as many calls of `run`', figure: median(peers) },
        ratio: ratioOf(ours, peers),
      }
    }
    rows.push(row('all awaited', 'tasks/s', 'rate'), row('each while it waits', 'bytes', 'bytes'))
  }
  return { rows, figures }
}
