import { suite } from 'uvu'
import { KEPT_SEEDS } from './kept-seeds.js'
import { runSeed } from './sim-workload.js'

const test = suite('simulation: kept seeds')

for (const [seed, cause] of KEPT_SEEDS) test(`seed ${seed}: ${cause}`, () => runSeed(seed).then(() => {}))

test.run()
