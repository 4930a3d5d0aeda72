import { atMost, type Bar } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { LaneToLaneFigures, open } from '../subjects/lane-to-lane.js'
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
    if (!pinned) rows.push(rateRow(lanes))
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

function rateRow(lanes: readonly LaneToLaneFigures[]): Row {
  const between = lanes.map(({ rates }) => rates!.between)
  const fromMain = lanes.map(({ rates }) => rates!.fromMain)
  return {
    what: 'empty tasks from lane to lane, 1,000 in flight',
    unit: 'tasks/s',
    ours: median(between),
    peer: { name: 'from main to the same lane', figure: median(fromMain) },
    ratio: ratioOf(between, fromMain),
  }
}
