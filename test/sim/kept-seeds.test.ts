import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KEPT_SEEDS } from './kept-seeds.js'
import { RARE_RACES } from './races.js'
import { runSeed } from './sim-workload.js'

const test = suite('simulation: kept seeds')

for (const [seed, cause] of KEPT_SEEDS) test(`seed ${seed}: ${cause}`, () => runSeed(seed).then(() => {}))

for (const [race, seed] of RARE_RACES) {
  test(`seed ${seed} meets: ${race}`, async () => {
    assert.ok((await runSeed(seed)).met.has(race), 'it does not any more: find another')
  })
}

test.run()
