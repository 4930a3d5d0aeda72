import { noMoreThan } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { open, TransferFigures } from '../subjects/transfer.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const MEGABYTE = 1_000_000
/**
 * A thread that is handed more than 64 MB has its garbage collected by V8 there and then, even by a bare worker's
 * `postMessage`. So both sides of that are measured.
 */
const SIZES = [100, 50] as const

type Contenders = 'lane' | 'worker'

/** Big buffers handed over with a task: what that takes beyond an empty task's round trip. */
export const transfer: Suite = async effort => {
  const { quick, say } = effort
  const rows: Row[] = []
  const figures: Record<string, unknown> = {}
  for (const size of SIZES) {
    const request = { bytes: size * MEGABYTE, samples: quick ? 2 : 5 }
    const measured = await compete<typeof open, Contenders>('transfer', turnsOf(effort, 7, 1), {
      lane: { setup: 'lane', request },
      worker: { setup: 'worker', request },
    })
    if (!measured.lane.every(({ detached }) => detached)) {
      say('the buffer was still here after its transfer, or did not arrive whole: it was copied')
    }
    rows.push(...rowsOf(size, measured))
    figures[size] = measured
  }
  return { rows, figures }
}

function rowsOf(size: number, { lane, worker }: Record<Contenders, TransferFigures[]>): Row[] {
  const detached = lane.every(figures => figures.detached)
  const ours = lane.map(beyondEmpty)
  const bare = worker.map(beyondEmpty)
  const cloned = lane.map(({ cloned, empty }) => cloned - empty)
  const row = {
    what: `${size} MB in \`transfer\`, beyond an empty task`,
    unit: 'ms',
    ours: median(ours),
  } as const
  return [
    {
      ...row,
      peer: { name: 'the same without `transfer`', figure: median(cloned) },
      ratio: ratioOf(ours, cloned),
      // A copy misses the bar however fast it was.
      bar: noMoreThan(detached ? 1 : 0),
      note: detached ? 'detached here' : 'COPIED',
    },
    { ...row, peer: { name: 'a bare worker', figure: median(bare) }, ratio: ratioOf(ours, bare) },
  ]
}

/** Where nothing of it is left above the noise of an empty task, it is a microsecond. */
function beyondEmpty({ transferred, empty }: TransferFigures): number {
  return Math.max(0.001, transferred - empty)
}
