import { DaemonProcess } from '../daemon-process.js'
import { type HttpFigures, hammer } from '../http-load.js'
import { interleave } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import { type Measured, SubjectProcess } from '../subject-process.js'
import type { open as openStore } from '../subjects/daemon-store.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const CONNECTIONS = [1, 64] as const

const SETUP = {
  lanes: { wide: { priority: 'user-visible', concurrency: 1024 } },
  jobs: { nothing: { task: './daemon-jobs.js#nothing' } },
}
const NOW = { name: 'nothing' }
const FAR_AHEAD = { name: 'nothing', delay: 86_400_000 }

type Contenders = 'ahead' | 'now' | 'nothing' | 'embedded' | 'store'

/** Jobs that are on disk when they are acknowledged, a second; and what of it is HTTP, and what the store. */
export const daemonAccepts: Suite = async effort => {
  const seconds = effort.quick ? 0.5 : 1
  const daemon = await DaemonProcess.open(SETUP)
  const store = await SubjectProcess.open<typeof openStore>('daemon-store', null)
  try {
    const rows: Row[] = []
    const figures: Record<string, unknown> = {}
    for (const connections of CONNECTIONS) {
      const http = (path: string, body?: unknown) => () =>
        daemon.measure(() => hammer({ url: `${daemon.address}${path}`, connections, seconds, body }))
      const measures: Record<Contenders, () => Promise<Measured<HttpFigures>>> = {
        ahead: http('/v1/jobs', FAR_AHEAD),
        now: http('/v1/jobs', NOW),
        nothing: http('/healthz'),
        embedded: () =>
          daemon.measure(async () =>
            rateOnly(await daemon.submitFor(FAR_AHEAD, connections, seconds * 1000)),
          ),
        store: async () => {
          const { figures, disturbed } = await store.round({ inFlight: connections, time: seconds * 1000 })
          return { figures: rateOnly(figures), disturbed }
        },
      }
      // Rounds that do not count: everything is compiled.
      for (const measure of Object.values(measures)) await measure()
      const measured = await interleave(turnsOf(effort, 4, 2), measures)
      rows.push(...rowsOf(connections, measured))
      figures[connections] = measured
    }
    return { rows, figures }
  } finally {
    await Promise.all([daemon.close(), store.close()])
  }
}

function rateOnly(perSecond: number): HttpFigures {
  return { perSecond, p50: Number.NaN, p99: Number.NaN }
}

function rowsOf(connections: number, figures: Record<Contenders, HttpFigures[]>): Row[] {
  const of = (contender: Contenders, key: keyof HttpFigures): number[] =>
    figures[contender].map(figure => figure[key])
  const many = connections === 1 ? 'one at a time' : `from ${connections} connections`
  const row = (what: string, ours: Contenders, name: string, peer: Contenders): Row => ({
    what: `durable accepts, ${many}, ${what}`,
    unit: 'jobs/s',
    ours: median(of(ours, 'perSecond')),
    peer: { name, figure: median(of(peer, 'perSecond')) },
    ratio: ratioOf(of(ours, 'perSecond'), of(peer, 'perSecond')),
  })
  const latency = (what: string, ours: Contenders, key: 'p50' | 'p99'): Row => ({
    what: `POST to 202, ${many}, ${what}, ${key}`,
    unit: 'ms',
    ours: median(of(ours, key)),
    peer: { name: 'GET /healthz', figure: median(of('nothing', key)) },
    ratio: ratioOf(of(ours, key), of('nothing', key)),
  })
  return [
    row('accepted only', 'ahead', 'GET /healthz', 'nothing'),
    row('accepted only', 'ahead', 'submit() without HTTP', 'embedded'),
    row('accepted only', 'ahead', 'the bare store', 'store'),
    row('run and settled too', 'now', 'accepted only', 'ahead'),
    latency('accepted only', 'ahead', 'p50'),
    latency('accepted only', 'ahead', 'p99'),
    latency('run and settled too', 'now', 'p50'),
    latency('run and settled too', 'now', 'p99'),
  ]
}
