// @time-limit 240s
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runGraph } from './graph-run.js'
import { graphCases } from './graph-schedule.js'
import { GraphSights } from './graph-sights.js'

const test = suite('simulation: random graphs of tasks')

/** More by hand, without the runner: `MULTILANE_SIM_GRAPHS=100000 node build/test/sim/task-graphs.test.js`. */
const GRAPHS = Number(process.env.MULTILANE_SIM_GRAPHS ?? 2_000)
/** The batch in CI takes a tenth of it. */
const LIMIT_MS = process.env.MULTILANE_SIM_GRAPHS === undefined ? 180_000 : 0x7fffffff
const { MULTILANE_FC_SEED: SEED, MULTILANE_FC_PATH: PATH } = process.env

test('every task of a graph ends as it may, whatever the order and whoever dies', async () => {
  // Stacks of errors that nobody reads are most of what an error costs.
  if (PATH === undefined) Error.stackTraceLimit = 0
  const sights = new GraphSights()
  const property = fc.asyncProperty(graphCases, ({ nodes, schedule }) => runGraph(nodes, schedule, sights))
  const result = await fc.check(property, {
    numRuns: GRAPHS,
    includeErrorInReport: true,
    // So that what has failed is told, however far it has shrunk.
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    seed: SEED === undefined ? Date.now() % 0x7fffffff : Number(SEED),
    ...(PATH === undefined ? {} : { path: PATH }),
  })
  const { failed, seed, counterexamplePath } = result
  if (failed) {
    // The run as it was drawn: the way by which it has shrunk cannot be gone again, since each draw depends on others.
    const run = counterexamplePath?.split(':')[0]
    const replay = run === undefined ? '' : `MULTILANE_FC_PATH=${run} `
    console.error(
      `alone: MULTILANE_FC_SEED=${seed} ${replay}node build/test/support/runner/cli.js sim/task-graphs`,
    )
    throw new Error(await fc.asyncDefaultReportMessage(result))
  }
  console.log(`${GRAPHS} graphs met:\n${sights}`)
  if (GRAPHS >= 2_000 && PATH === undefined) assert.equal(sights.unmet, [], 'no graph met these')
})

test.run()
