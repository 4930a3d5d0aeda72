import * as assert from 'uvu/assert'
import { Races } from './races.js'
import { Died } from './sim-actor.js'
import { runSeed } from './sim-workload.js'

/**
 * How many seeds are run in all. More by hand, without the runner and its limit of time, for each process:
 * `MULTILANE_SEEDS=1000000 node build/test/sim/seeds-even.test.js`.
 */
const SEEDS = Number(process.env.MULTILANE_SEEDS ?? 10_000)
/** The only seed that is run: MULTILANE_SEED=n replays it. */
const ONLY = process.env.MULTILANE_SEED

// What the dead were in the midst of goes no further; and of the promises that they leave nobody sees the end.
process.on('unhandledRejection', reason => {
  if (!(reason instanceof Died)) throw reason
})

/**
 * Runs every `of`th seed, beginning with `first`, so that several processes share them.
 *
 * @throws Violation of the first seed that fails, with how to run it alone
 */
export async function runShare(first: number, of: number): Promise<void> {
  // Stacks of errors that nobody reads are most of what an error costs.
  if (ONLY === undefined) Error.stackTraceLimit = 0
  const races = new Races()
  if (ONLY !== undefined) {
    if (Number(ONLY) % of === first % of) await runSeed(Number(ONLY), races)
    return
  }
  for (let seed = first; seed <= SEEDS; seed += of) await run(seed, races)
  console.log(`${Math.ceil(SEEDS / of)} seeds met:\n${races}`)
  assert.equal(races.unknownSteps, [], 'nobody has been killed there: put them into DEATH_STEPS')
  if (SEEDS < 10_000) return
  assert.equal(races.unmet, [], 'no seed met these')
}

async function run(seed: number, races: Races): Promise<void> {
  try {
    await runSeed(seed, races)
  } catch (error) {
    console.error(
      `seed ${seed} failed; alone: MULTILANE_SEED=${seed} node build/test/support/runner/cli.js sim/seeds`,
    )
    throw error
  }
}
