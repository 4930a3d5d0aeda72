import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from './sim-workload.js'

const test = suite('simulation')

/** More by hand: MULTILANE_SEEDS=100000, and MULTILANE_SEED=n to replay one. */
const SEEDS = Number(process.env.MULTILANE_SEEDS ?? 200)
const ONLY = process.env.MULTILANE_SEED

test('every seed settles every task once, whatever happens', async () => {
  const total = { DONE: 0, FAILED: 0, TIMED_OUT: 0, CANCELED: 0 } as Record<string, number>
  const met = {
    deaths: 0,
    rerun: 0,
    cancelsLost: 0,
    held: 0,
    dropped: 0,
    retried: 0,
    refused: 0,
    moved: 0,
    left: 0,
    grown: 0,
    mapped: 0,
    failedMaps: 0,
  }
  const first = ONLY === undefined ? 1 : Number(ONLY)
  const last = ONLY === undefined ? SEEDS : first
  for (let seed = first; seed <= last; seed++) {
    const report = await runSeed(seed)
    for (const [state, count] of Object.entries(report.outcomes)) total[state] = (total[state] ?? 0) + count
    for (const what of Object.keys(met) as (keyof typeof met)[]) met[what] += report[what]
  }
  console.log(`${last - first + 1} seeds: ${JSON.stringify({ ...total, ...met })}`)
  if (ONLY !== undefined) return
  // A simulation that never meets a race proves nothing about it.
  for (const [what, count] of Object.entries({ ...total, ...met })) {
    assert.ok(count > 0, `no seed met: ${what}`)
  }
})

test.run()
