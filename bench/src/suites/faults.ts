import { noMoreThan } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { FaultsFigures, open } from '../subjects/faults.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const MANY = 100_000
/** What piscina can be asked for: each of its tasks looks through all listeners that the signal has. */
const SOME = MANY / 10

type SamplesOf = (figures: FaultsFigures) => readonly number[]

/** How soon callers are told that something went wrong, and how soon all is well again. */
export const faults: Suite = async effort => {
  const { quick } = effort
  const samples = quick ? 2 : 5
  const hurry = quick ? 10 : 1
  const aborts = [SOME / hurry, MANY / hurry]
  const measured = await compete<typeof open, 'lane' | 'piscina'>('faults', turnsOf(effort, 9, 2), {
    lane: { setup: 'lane', request: { samples, aborts } },
    piscina: { setup: 'piscina', request: { samples, aborts: aborts.slice(0, 1) } },
  })
  const { lane, piscina } = measured
  const note = quick ? { note: 'a tenth of that' } : {}
  const timeOf =
    (place: number): SamplesOf =>
    ({ aborts }) => [aborts[place]!.time]
  const beside = (what: string, of: SamplesOf, name: string): Row => ({
    ...row(`${what}, median`, lane, of, median),
    peer: { name, figure: median(piscina.flatMap(of)) },
    ratio: ratioOf(mediansOf(lane, of), mediansOf(piscina, of)),
  })
  const worst = (what: string, of: SamplesOf, limit: number): Row => ({
    ...row(`${what}, worst`, lane, of, values => Math.max(...values)),
    bar: noMoreThan(limit),
  })
  const loop = 'endless loop with a `timeout`, told beyond that'
  const port = 'port closed in mid-call, told after that'
  const exit = '`process.exit()` in a task, the next one done after that'
  const heap = 'heap exhausted in a task, the next one done after that is told'
  const abort = (tasks: number): string =>
    `abort of ${tasks.toLocaleString('en')} tasks by one signal, all told after that`
  return {
    rows: [
      beside(loop, ({ loop }) => loop, 'piscina, `AbortSignal.timeout`'),
      worst(loop, ({ loop }) => loop, 250),
      row(`${port}, median`, lane, ({ closePort }) => closePort, median),
      worst(port, ({ closePort }) => closePort, 100),
      beside(exit, ({ exit }) => exit, 'piscina'),
      worst(exit, ({ exit }) => exit, 1_000),
      beside(heap, ({ exhaustHeap }) => exhaustHeap, 'piscina'),
      worst(heap, ({ exhaustHeap }) => exhaustHeap, 1_000),
      { ...beside(abort(SOME), timeOf(0), 'piscina'), ...note },
      { ...row(`${abort(MANY)}, median`, lane, timeOf(1), median), ...note },
      { ...worst(abort(MANY), timeOf(1), 2_000), ...note },
      {
        what: 'listeners that those tasks add to it',
        unit: 'listeners',
        ours: Math.max(...lane.map(({ aborts }) => aborts[1]!.listeners)),
        bar: noMoreThan(1),
        ...note,
      },
    ],
    figures: measured,
  }
}

function row(
  what: string,
  figures: readonly FaultsFigures[],
  of: SamplesOf,
  take: (values: readonly number[]) => number,
): Row {
  return { what, unit: 'ms', ours: take(figures.flatMap(of)) }
}

function mediansOf(figures: readonly FaultsFigures[], of: SamplesOf): number[] {
  return figures.map(one => median(of(one)))
}
