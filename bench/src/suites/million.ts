import { atMost, noMoreThan } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { open, QueueFigures } from '../subjects/million.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const MANY = 1_000_000
const FEW = 1_000
const MOST_BYTES = 400

/** A million tasks in a queue: what each of them holds, and whether one more costs more than with a thousand there. */
export const million: Suite = async effort => {
  const { few, many } = await compete<typeof open, 'few' | 'many'>('million', turnsOf(effort, 5, 1), {
    few: { setup: null, request: { tasks: FEW } },
    many: { setup: null, request: { tasks: effort.quick ? MANY / 10 : MANY } },
  })
  const note = effort.quick ? { note: 'a tenth of that' } : {}
  const bytes = (what: string, key: keyof QueueFigures): Row => ({
    what: `a million queued tasks, each, ${what}`,
    unit: 'bytes',
    ours: median(many.map(figures => figures[key])),
    ...note,
  })
  const time = (what: string, key: keyof QueueFigures): Row => {
    const ours = many.map(figures => figures[key])
    const peers = few.map(figures => figures[key])
    return {
      what: `${what}, a million queued`,
      unit: 'ns',
      ours: median(ours),
      peer: { name: 'a thousand queued', figure: median(peers) },
      ratio: ratioOf(ours, peers),
      ...note,
    }
  }
  const bar = atMost(1.2)
  return {
    rows: [
      { ...bytes('by `run`', 'run'), bar: noMoreThan(MOST_BYTES) },
      bytes('by `run`, with an argument', 'runWithArgument'),
      { ...bytes('by `submit`, with its handle', 'submit'), bar: noMoreThan(MOST_BYTES) },
      bytes('by `submit`, with a signal they share', 'submitWithSignal'),
      { ...time('`submit` of a task', 'submitTime'), bar },
      { ...time('`run` of a task', 'runTime'), bar },
      { ...time('`cancel` of a task', 'cancelTime'), bar },
      time('cancel of each task by one AbortSignal for all, garbage collection included', 'abortTime'),
    ],
    figures: { few, many },
  }
}
