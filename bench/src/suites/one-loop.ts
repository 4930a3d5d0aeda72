import { atLeast, atMost } from '../bars.js'
import { compete } from '../rounds.js'
import { median, ratioOf } from '../statistics.js'
import type { OneLoopFigures, open, Way } from '../subjects/one-loop.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

const NAMES: Readonly<Record<Exclude<Way, `multilane${string}`>, string>> = {
  'p-queue': 'p-queue',
  'fastq promises': 'fastq, promises',
  'fastq callbacks': 'fastq, callbacks',
  'fastq later callbacks': 'fastq, callbacks',
}

/** `AsyncScheduler` beside the queues of one loop that people use. */
export const oneLoop: Suite = async effort => {
  const request = effort.quick ? { calls: 5_000, urgent: 2 } : { calls: 100_000, urgent: 5 }
  const figures = await compete<typeof open, Way>(
    'one-loop',
    turnsOf(effort, 15, 2),
    {
      multilane: { setup: 'multilane', request },
      'multilane with currentTask': { setup: 'multilane with currentTask', request },
      'p-queue': { setup: 'p-queue', request },
      'fastq promises': { setup: 'fastq promises', request },
      'multilane callbacks': { setup: 'multilane callbacks', request },
      'fastq callbacks': { setup: 'fastq callbacks', request },
      'fastq later callbacks': { setup: 'fastq later callbacks', request },
    },
    3,
  )
  const calls = request.calls.toLocaleString('en')
  const compared = (
    what: string,
    unit: Row['unit'],
    key: keyof OneLoopFigures,
    [ours, peer]: readonly [Way, keyof typeof NAMES],
    bar: Row['bar'],
  ): Row => {
    const own = figures[ours].map(one => one[key])
    const others = figures[peer].map(one => one[key])
    return {
      what,
      unit,
      ours: median(own),
      peer: { name: NAMES[peer], figure: median(others) },
      ratio: ratioOf(own, others),
      ...(bar === undefined ? {} : { bar }),
    }
  }
  const rate = `${calls} functions on one loop, each awaited`
  const told = `${calls} functions on one loop, each with a callback at its end`
  const later = `${told}, begun in microtasks`
  const urgent = `an urgent one with ${calls} queued, from when it is due, median`
  return {
    rows: [
      compared(rate, 'tasks/s', 'rate', ['multilane', 'p-queue'], atLeast(1)),
      compared(rate, 'tasks/s', 'rate', ['multilane', 'fastq promises'], atLeast(1)),
      {
        ...compared(rate, 'tasks/s', 'rate', ['multilane with currentTask', 'fastq promises'], undefined),
        note: 'ours with `multilane/task` loaded',
      },
      {
        ...compared(told, 'tasks/s', 'rate', ['multilane callbacks', 'fastq callbacks'], atLeast(1)),
        note: 'fastq calls them within `push`, and none is ever queued',
      },
      compared(later, 'tasks/s', 'rate', ['multilane callbacks', 'fastq later callbacks'], atLeast(1)),
      compared(urgent, 'ms', 'p50', ['multilane', 'p-queue'], atMost(1)),
      compared(urgent, 'ms', 'p50', ['multilane', 'fastq promises'], atMost(1)),
    ],
    figures,
  }
}
