import type { SyncSetup } from '../contenders/sync/contender.js'
import { compete, competeAfresh, type Entrant } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { RoundTripFigures } from '../subjects/round-trip.js'
import type { open } from '../subjects/sync-wait.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

type Contenders = 'lane' | 'laneNoSpin' | 'synckit'

/** `resultSync` beside synckit, which is made for just that: the same function, one call after the other. */
export const syncWait: Suite = async effort => {
  const { quick, say } = effort
  const samples = quick ? 500 : 3_000
  const turns = turnsOf(effort, 15, 3)
  // A few thousand round trips until everything is compiled.
  const warmUps = quick ? 8 : 2
  const pinned = await compete<typeof open, Contenders>('sync-wait', turns, entrants(samples, true), warmUps)
  const free = await competeAfresh<typeof open, Contenders>(
    'sync-wait',
    turns,
    entrants(samples, false),
    warmUps,
  )
  const problem = Object.values(pinned)
    .flat()
    .find(({ unpinned }) => unpinned !== null)
  if (problem) say(`not pinned: ${problem.unpinned}`)
  const rows = (where: string, figures: Record<Contenders, RoundTripFigures[]>): Row[] =>
    (['p50', 'p99'] as const).flatMap(share => [
      row(`${where}, ${share}`, share, figures.lane, figures.synckit),
      row(`${where}, spin 0, ${share}`, share, figures.laneNoSpin, figures.synckit),
    ])
  const apart = problem ? 'NOT pinned' : 'pinned apart'
  return { rows: [...rows(apart, pinned), ...rows('not pinned', free)], figures: { pinned, free } }
}

function entrants(samples: number, pinned: boolean): Record<Contenders, Entrant<typeof open>> {
  const entrant = (contender: SyncSetup): Entrant<typeof open> => ({
    setup: { contender, pinned },
    request: { samples },
  })
  return {
    lane: entrant({ use: 'lane' }),
    laneNoSpin: entrant({ use: 'lane', spin: 0 }),
    synckit: entrant({ use: 'synckit' }),
  }
}

function row(what: string, share: 'p50' | 'p99', own: RoundTripFigures[], peer: RoundTripFigures[]): Row {
  const ours = own.map(figures => figures[share])
  const peers = peer.map(figures => figures[share])
  return {
    what: `\`resultSync\`, ${what}`,
    unit: 'µs',
    ours: median(ours),
    peer: { name: 'synckit', figure: median(peers) },
    ratio: ratioOf(ours, peers),
  }
}
