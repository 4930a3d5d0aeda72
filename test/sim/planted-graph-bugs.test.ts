// @time-limit 400s
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Imports } from '#src/bridge/imports.js'
import { WaitReports } from '#src/bridge/wait-reports.js'
import { WaitGraph } from '#src/core/wait-graph.js'
import { WaitWatch } from '#src/lanes/wait-watch.js'
import { runGraph } from './graph-run.js'
import { graphCases } from './graph-schedule.js'
import { type Detector, Violation } from './violation.js'

const test = suite('simulation: planted bugs that random graphs find')

/** One of so many graphs must find a planted bug. */
const GRAPHS = 1_000
/** No graph that is larger tells what is wrong. */
const MOST_NODES = 6

Error.stackTraceLimit = 0
// A detector may speak up within a promise that nobody awaits: the run ends with what it said all the same.
process.on('unhandledRejection', () => {})

/**
 * Puts a bug in the place of a method, and sees to it that a small graph is found that shows it.
 *
 * @param rareAt for a bug that few graphs show: a seed of graphs that soon do. What it takes to make such a graph smaller is
 *   minutes, so it is left as it is
 */
function finds<T extends object, K extends keyof T>(
  what: string,
  detectors: readonly Detector[],
  within: T,
  method: K,
  plant: (right: T[K]) => T[K],
  rareAt?: number,
): void {
  test(`${what} is found by the detector '${detectors}'`, async () => {
    const right = Object.getOwnPropertyDescriptor(within, method)!
    Object.defineProperty(within, method, { ...right, value: plant(right.value) })
    try {
      const property = fc.asyncProperty(graphCases, ({ nodes, schedule }) => runGraph(nodes, schedule))
      const { failed, counterexample, errorInstance } = await fc.check(property, {
        numRuns: GRAPHS,
        seed: rareAt ?? 1,
        endOnFailure: rareAt !== undefined,
      })
      assert.ok(failed, `not found within ${GRAPHS} graphs`)
      assert.instance(errorInstance, Violation, String(errorInstance))
      const { detector, message } = errorInstance as Violation
      assert.ok(detectors.includes(detector), `it was found by '${detector}'`)
      const { length } = counterexample![0].nodes
      console.log(`  ${length} nodes: ${message.slice(0, 160)}`)
      assert.ok(length <= MOST_NODES || rareAt !== undefined, `the graph has shrunk to ${length} nodes only`)
    } finally {
      Object.defineProperty(within, method, right)
    }
  })
}

finds('a cycle that nobody sees', ['hung'], WaitGraph.prototype, 'wait', right => {
  return function (this: WaitGraph<never>, waiter, awaited) {
    const cycle = right.call(this, waiter, awaited)
    return cycle !== null && cycle.length > 1 ? null : cycle
  }
})

finds('a cycle of three that nobody sees', ['hung'], WaitGraph.prototype, 'wait', right => {
  return function (this: WaitGraph<never>, waiter, awaited) {
    const cycle = right.call(this, waiter, awaited)
    return cycle?.length === 3 ? null : cycle
  }
})

finds(
  'a refusal that is told to another wait',
  ['hung', 'waits'],
  WaitReports.prototype,
  'refused',
  right => {
    return function (this: WaitReports, id, cycle) {
      right.call(this, id - 1, cycle)
    }
  },
)

finds('waits that are forgotten when others are told', ['hung'], WaitWatch.prototype, 'begin', right => {
  return function (this: WaitWatch, thread, waits) {
    right.call(this, thread, waits.slice(0, 1))
  }
})

finds(
  'a thread that dies with a value that was asked of it',
  ['hung', 'forgotten', 'handles', 'edges'],
  Imports.prototype,
  'threadLost',
  () => () => {},
  8,
)

test.run()
