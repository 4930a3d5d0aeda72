// @time-limit 120s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from './sim-workload.js'

const test = suite('simulation of the jobs')

/** More by hand: MULTILANE_SEEDS=10000, and MULTILANE_SEED=n to replay one. */
const SEEDS = Number(process.env.MULTILANE_SEEDS ?? 300)
const ONLY = process.env.MULTILANE_SEED
const MET = [
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
  'cancelling',
  'finished',
  'crashes',
  'closes',
  'deaths',
  'lanes failed',
  'again after failed',
  'again after timed_out',
  'again after interrupted',
  'again after put back',
  'retry: waiting',
]

test('every accepted job comes to one end, whatever fails', async () => {
  const total: Record<string, number> = {}
  const first = ONLY === undefined ? 1 : Number(ONLY)
  const last = ONLY === undefined ? SEEDS : first
  for (let seed = first; seed <= last; seed++) {
    for (const [what, count] of Object.entries(await runSeed(seed))) total[what] = (total[what] ?? 0) + count
  }
  console.log(`${last - first + 1} seeds: ${JSON.stringify(total)}`)
  if (ONLY !== undefined) return
  // A simulation that never meets a race proves nothing about it.
  for (const what of MET) assert.ok((total[what] ?? 0) > 0, `no seed met: ${what}`)
})

test.run()
