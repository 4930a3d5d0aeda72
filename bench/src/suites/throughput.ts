import { atLeast } from '../bars.js'
import type { ContenderSetup, EmptyTask } from '../contenders/empty/contender.js'
import { compete, type Entrant } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { open } from '../subjects/throughput.js'
import { formatFigure, type Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const IN_FLIGHT = 1_000

const LANE: ContenderSetup = { use: 'lane' }
/** What its documentation offers for many small tasks; which of the two is faster differs from machine to machine. */
const PISCINA = {
  'piscina, default': { use: 'piscina' },
  'piscina, 64 per worker': { use: 'piscina', perWorker: 64 },
  "piscina, atomics 'async', 64 per worker": { use: 'piscina', atomics: 'async', perWorker: 64 },
} as const satisfies Record<string, ContenderSetup>
const OTHERS = {
  tinypool: { use: 'tinypool' },
  poolifier: { use: 'poolifier' },
  workerpool: { use: 'workerpool' },
  'bare port, an object a message': { use: 'bare-port', payload: 'object', batch: 1 },
  'bare port, 64 objects a message': { use: 'bare-port', payload: 'object', batch: 64 },
  'bare port, a flat array of 64': { use: 'bare-port', payload: 'flat', batch: 64 },
} as const satisfies Record<string, ContenderSetup>

/** Empty tasks a second through one thread, a thousand of them in flight. */
export const throughput: Suite = async effort => {
  const { quick, say } = effort
  const time = quick ? 120 : 400
  const measure = async <K extends string>(task: EmptyTask, contenders: Record<K, ContenderSetup>) => {
    const entrants = {} as Record<K, Entrant<typeof open>>
    for (const name of Object.keys(contenders) as K[]) {
      entrants[name] = { setup: contenders[name], request: { task, inFlight: IN_FLIGHT, time } }
    }
    const figures = await compete<typeof open, K>('throughput', turnsOf(effort, 9, 2), entrants)
    for (const name of Object.keys(figures) as K[]) {
      say(`${task}, ${name}: ${formatFigure(median(figures[name]), 'tasks/s')}`)
    }
    return figures
  }

  const sync = await measure('empty', { lane: LANE, ...PISCINA, ...OTHERS })
  const async = await measure('emptyAsync', { lane: LANE, ...PISCINA })
  const row = (what: string, ours: number[], name: string, peers: number[], bar?: Row['bar']): Row => ({
    what,
    unit: 'tasks/s',
    ours: median(ours),
    peer: { name, figure: median(peers) },
    ratio: ratioOf(ours, peers),
    ...(bar === undefined ? {} : { bar }),
  })
  const what = 'empty tasks, 1,000 in flight'
  const whatAsync = 'async functions, 1,000 in flight'
  return {
    rows: [
      row(what, sync.lane, 'piscina, default', sync['piscina, default'], atLeast(60, 120)),
      row(what, sync.lane, 'piscina, best setting', bestOf(sync), atLeast(15, 20)),
      ...(Object.keys(OTHERS) as (keyof typeof OTHERS)[]).map(name => row(what, sync.lane, name, sync[name])),
      row(whatAsync, async.lane, 'piscina, default', async['piscina, default'], atLeast(10)),
      row(whatAsync, async.lane, 'piscina, best setting', bestOf(async)),
    ],
    figures: { sync, async },
  }
}

/** In each round, whichever setting of piscina was the fastest. */
function bestOf(figures: Readonly<Record<keyof typeof PISCINA, readonly number[]>>): number[] {
  const settings = Object.keys(PISCINA) as (keyof typeof PISCINA)[]
  return figures['piscina, default'].map((_, round) =>
    Math.max(...settings.map(name => figures[name][round]!)),
  )
}
