import { atMost, noMoreThan } from '../bars.js'
import { BULK, BULK_NAMES, type BulkKind, type Load, openLoads } from '../daemon-load.js'
import type { DaemonProcess } from '../daemon-process.js'
import { interleave } from '../rounds.js'
import { quantile, ratioOf } from '../statistics.js'
import type { Row } from '../table.js'
import { sampleUrgent, type UrgentSample } from '../urgent-client.js'
import { type Suite, turnsOf } from './suite.js'

const LONGEST_P99_MS = 5
const MOST_TIMES_IDLE = 3

const VIEWS: readonly { readonly key: keyof UrgentSample; readonly what: string }[] = [
  { key: 'recorded', what: 'accept to start by the record' },
  { key: 'witnessed', what: 'POST sent to start as the job sees it' },
  { key: 'acknowledged', what: 'POST sent to 202' },
]

/** Urgent jobs over HTTP while 100,000 bulk jobs wait in the store and every core is busy with more of them. */
export const daemonUrgent: Suite = async effort => {
  const { quick, say } = effort
  const count = quick ? 60 : 270
  const daemons = await openLoads(quick)
  try {
    const sample = (daemon: DaemonProcess) => () =>
      daemon.measure(() => sampleUrgent(daemon, 'witness', count))
    const busy = (daemon: DaemonProcess) => () => daemon.whileBusy(sample(daemon))
    const measures = { idle: sample(daemons.idle), hash: busy(daemons.hash), parse: busy(daemons.parse) }
    // Rounds that do not count: everything is compiled.
    for (const measure of Object.values(measures)) await measure()
    const figures = await interleave<Load, UrgentSample[]>(turnsOf(effort, 8, 2), measures)
    for (const kind of BULK) {
      say(
        `${figures[kind].flat().length} urgent jobs beside ${BULK_NAMES[kind]}, ` +
          `of which ${await daemons[kind].finished(kind)} ended meanwhile`,
      )
    }
    return { rows: BULK.flatMap(kind => rowsOf(kind, figures)), figures }
  } finally {
    await Promise.all(Object.values(daemons).map(daemon => daemon.close()))
  }
}

function rowsOf(kind: BulkKind, figures: Record<Load, UrgentSample[][]>): Row[] {
  return VIEWS.flatMap(({ key, what }) => {
    const row = (name: string, share: number): Row => {
      const pooled = (load: Load): number =>
        quantile(
          figures[load].flat().map(sample => sample[key]),
          share,
        )
      const byRound = (load: Load): number[] =>
        figures[load].map(round =>
          quantile(
            round.map(sample => sample[key]),
            share,
          ),
        )
      const { min, max } = ratioOf(byRound(kind), byRound('idle'))
      return {
        what: `urgent job beside ${BULK_NAMES[kind]}, ${what}, ${name}`,
        unit: 'ms',
        ours: pooled(kind),
        peer: { name: 'itself, idle', figure: pooled('idle') },
        ratio: { median: pooled(kind) / pooled('idle'), min, max },
      }
    }
    const p99 = row('p99', 0.99)
    if (key !== 'recorded') return [row('p50', 0.5), p99]
    return [
      row('p50', 0.5),
      { ...p99, bar: noMoreThan(LONGEST_P99_MS) },
      { ...p99, bar: atMost(MOST_TIMES_IDLE) },
    ]
  })
}
