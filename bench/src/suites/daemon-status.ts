import { BULK, BULK_NAMES, type Load, openLoads } from '../daemon-load.js'
import type { DaemonProcess } from '../daemon-process.js'
import { type HttpFigures, hammer } from '../http-load.js'
import { interleave } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const CONNECTIONS = 10

/** `GET /status/<id>` of a finished job from ten connections, idle and while bulk work has every core. */
export const daemonStatus: Suite = async effort => {
  const seconds = effort.quick ? 0.5 : 2.5
  const daemons = await openLoads(effort.quick)
  try {
    const polled = async (daemon: DaemonProcess) => {
      const [id] = await daemon.submit([{ name: 'witness' }])
      await daemon.outcomes([id!])
      const url = `${daemon.address}/status/${id}`
      return () => daemon.measure(() => hammer({ url, connections: CONNECTIONS, seconds }))
    }
    const idle = await polled(daemons.idle)
    const hash = await polled(daemons.hash)
    const parse = await polled(daemons.parse)
    const measures = {
      idle,
      hash: () => daemons.hash.whileBusy(hash),
      parse: () => daemons.parse.whileBusy(parse),
    }
    for (const measure of Object.values(measures)) await measure()
    const figures = await interleave<Load, HttpFigures>(turnsOf(effort, 4, 1), measures)
    return { rows: rowsOf(figures), figures }
  } finally {
    await Promise.all(Object.values(daemons).map(daemon => daemon.close()))
  }
}

function rowsOf(figures: Record<Load, HttpFigures[]>): Row[] {
  return BULK.flatMap(kind => {
    const row = (key: keyof HttpFigures, name: string, unit: Row['unit']): Row => {
      const ours = figures[kind].map(figure => figure[key])
      const idle = figures.idle.map(figure => figure[key])
      return {
        what: `GET /status from ${CONNECTIONS} connections beside ${BULK_NAMES[kind]}${name}`,
        unit,
        ours: median(ours),
        peer: { name: 'itself, idle', figure: median(idle) },
        ratio: ratioOf(ours, idle),
      }
    }
    return [row('perSecond', '', 'requests/s'), row('p50', ', p50', 'ms'), row('p99', ', p99', 'ms')]
  })
}
