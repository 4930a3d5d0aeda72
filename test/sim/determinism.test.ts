import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from './sim-workload.js'

const test = suite('simulation: determinism')

test('one seed is one run, whatever ran before it', async () => {
  const once: string[] = []
  for (let seed = 1; seed <= 60; seed++) once.push(`${await runSeed(seed)}`)
  assert.is(new Set(once).size, once.length, 'seeds that do the same show nothing')
  for (let seed = 60; seed >= 1; seed--) assert.is(`${await runSeed(seed)}`, once[seed - 1], `seed ${seed}`)
})

test.run()
