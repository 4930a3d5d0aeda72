import { atMost } from '../bars.js'
import type { ContenderSetup } from '../contenders/empty/contender.js'
import { compete, competeAfresh, type Entrant } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { open, RoundTripFigures } from '../subjects/round-trip.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

type Contenders = 'lane' | 'laneNoSpin' | 'bare'

/** One task at a time, against a bare port's ping-pong. */
export const roundTrip: Suite = async effort => {
  const { quick, say } = effort
  const samples = quick ? 500 : 3_000
  const turns = turnsOf(effort, 15, 3)
  // A few thousand round trips until everything is compiled.
  const warmUps = quick ? 8 : 2
  const pinned = await compete<typeof open, Contenders>('round-trip', turns, entrants(samples, true), warmUps)
  const free = await competeAfresh<typeof open, Contenders>(
    'round-trip',
    turns,
    entrants(samples, false),
    warmUps,
  )
  const problem = Object.values(pinned)
    .flat()
    .find(({ unpinned }) => unpinned !== null)
  if (problem) say(`not pinned: ${problem.unpinned}`)
  const note = problem ? { note: 'NOT pinned' } : {}
  return {
    rows: [
      { ...row('pinned apart, p50', 'p50', pinned.lane, pinned.bare), bar: atMost(0.25, 0.15), ...note },
      { ...row('pinned apart, p99', 'p99', pinned.lane, pinned.bare), ...note },
      {
        ...row('pinned apart, spin 0, p50', 'p50', pinned.laneNoSpin, pinned.bare),
        bar: atMost(1.1),
        ...note,
      },
      { ...row('pinned apart, spin 0, p99', 'p99', pinned.laneNoSpin, pinned.bare), ...note },
      { ...row('not pinned, p50', 'p50', free.lane, free.bare), bar: atMost(0.5) },
      row('not pinned, p99', 'p99', free.lane, free.bare),
      { ...row('not pinned, spin 0, p50', 'p50', free.laneNoSpin, free.bare), bar: atMost(1.15) },
      row('not pinned, spin 0, p99', 'p99', free.laneNoSpin, free.bare),
    ],
    figures: { pinned, free },
  }
}

function entrants(samples: number, pinned: boolean): Record<Contenders, Entrant<typeof open>> {
  const entrant = (contender: ContenderSetup): Entrant<typeof open> => ({
    setup: { contender, pinned },
    request: { samples },
  })
  return {
    lane: entrant({ use: 'lane' }),
    laneNoSpin: entrant({ use: 'lane', spin: 0 }),
    bare: entrant({ use: 'bare-port', payload: 'object', batch: 1 }),
  }
}

function row(what: string, share: 'p50' | 'p99', lane: RoundTripFigures[], bare: RoundTripFigures[]): Row {
  const ours = lane.map(figures => figures[share])
  const peers = bare.map(figures => figures[share])
  return {
    what: `one task at a time, ${what}`,
    unit: 'µs',
    ours: median(ours),
    peer: { name: 'bare port', figure: median(peers) },
    ratio: ratioOf(ours, peers),
  }
}
