import { atLeast, atMost, type Bar } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { LaneToLaneFigures, open, Rates } from '../subjects/lane-to-lane.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const IN_FLIGHT = 1_000

type Of = (figures: LaneToLaneFigures) => number

/** A task that calls another lane: with main free and with main parked, beside two workers with a bare port. */
export const laneToLane: Suite = async effort => {
  const { quick, say } = effort
  const request = {
    stretches: quick ? 2 : 5,
    samples: quick ? 300 : 1_000,
    calls: quick ? 5_000 : 20_000,
    inFlight: IN_FLIGHT,
  }
  const rows: Row[] = []
  const figures: Record<string, unknown> = {}
  for (const pinned of [true, false]) {
    const measured = await compete<typeof open, 'lanes' | 'workers'>('lane-to-lane', turnsOf(effort, 15, 2), {
      lanes: { setup: { contender: 'lanes', pinned }, request },
      workers: { setup: { contender: 'workers', pinned }, request },
    })
    const { lanes, workers } = measured
    figures[pinned ? 'pinned' : 'free'] = measured
    const problem = [...lanes, ...workers].find(({ unpinned }) => unpinned !== null)
    if (problem) say(`not pinned: ${problem.unpinned}`)
    const where = pinned && problem === undefined ? 'pinned apart' : 'not pinned'
    const parked: Of = one => one.parked.p50
    rows.push(
      {
        ...row(`main parked, ${where}, p50`, lanes, parked, 'main free', lanes, one => one.free.p50),
        bar: atMost(1.2) satisfies Bar,
      },
      row(
        `main parked, ${where}, p99`,
        lanes,
        one => one.parked.p99,
        'main free',
        lanes,
        one => one.free.p99,
      ),
      row(`main parked, ${where}, p50`, lanes, parked, 'bare port between workers', workers, parked),
      row(
        `main free, ${where}, p50`,
        lanes,
        one => one.free.p50,
        'bare port between workers',
        workers,
        one => one.free.p50,
      ),
    )
    if (!pinned) rows.push(...rateRows(lanes))
  }
  return { rows, figures }
}

function row(
  what: string,
  own: readonly LaneToLaneFigures[],
  ours: Of,
  name: string,
  peer: readonly LaneToLaneFigures[],
  theirs: Of,
): Row {
  const figures = own.map(ours)
  const peers = peer.map(theirs)
  return {
    what: `from lane to lane, one task at a time, ${what}`,
    unit: 'µs',
    ours: median(figures),
    peer: { name, figure: median(peers) },
    ratio: ratioOf(figures, peers),
  }
}

function rateRows(lanes: readonly LaneToLaneFigures[]): Row[] {
  const rates = (which: keyof Rates): number[] => lanes.map(figures => figures.rates![which])
  const row = (when: string, ours: keyof Rates, name: string, peer: keyof Rates): Row => ({
    what: `empty tasks from lane to lane, 1,000 in flight, ${when}`,
    unit: 'tasks/s',
    ours: median(rates(ours)),
    peer: { name, figure: median(rates(peer)) },
    ratio: ratioOf(rates(ours), rates(peer)),
  })
  return [
    row('main free', 'free', 'from main to the same lane', 'fromMain'),
    { ...row('main parked', 'parked', 'main free', 'free'), bar: atLeast(0.8) },
  ]
}
