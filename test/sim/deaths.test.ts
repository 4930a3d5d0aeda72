// @time-limit 120s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEATH_STEPS } from './death-steps.js'
import { Died } from './sim-actor.js'
import { runSeed } from './sim-workload.js'

const test = suite('simulation: a thread dies at each step of the protocol')

/** So many at each. More by hand: `MULTILANE_DEATHS=1000 node build/test/sim/deaths.test.js`. */
const DEATHS = Number(process.env.MULTILANE_DEATHS ?? 2)
/** So many runs for each of them, at most. */
const RUNS_EACH = 10
/** How many come to the step before the one that dies there. */
const SPARED = [0, 0, 1, 0, 4] as const

Error.stackTraceLimit = 0
// What the dead were in the midst of goes no further.
process.on('unhandledRejection', reason => {
  if (!(reason instanceof Died)) throw reason
})

for (const [step, from] of DEATH_STEPS) {
  test(step, async () => {
    let deaths = 0
    for (let run = 0; deaths < DEATHS && run < DEATHS * RUNS_EACH; run++) {
      const { met } = await runSeed(from + run, undefined, { step, spared: SPARED[run % SPARED.length]! })
      if (met.has(`death ${step}`)) deaths++
    }
    assert.ok(deaths > 0, `no thread dies there, from seed ${from} on: find one at which some do`)
  })
}

test.run()
