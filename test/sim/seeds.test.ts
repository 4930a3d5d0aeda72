import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from './sim-workload.js'

const test = suite('simulation')

/** More by hand: MULTILANE_SEEDS=100000, and MULTILANE_SEED=n to replay one. */
const SEEDS = Number(process.env.MULTILANE_SEEDS ?? 200)
const ONLY = process.env.MULTILANE_SEED

test('every seed settles every task once, whatever happens', async () => {
  const total = { DONE: 0, FAILED: 0, TIMED_OUT: 0, CANCELED: 0 } as Record<string, number>
  let deaths = 0
  let rerun = 0
  let cancelsLost = 0
  let left = 0
  let grown = 0
  const first = ONLY === undefined ? 1 : Number(ONLY)
  const last = ONLY === undefined ? SEEDS : first
  for (let seed = first; seed <= last; seed++) {
    const report = await runSeed(seed)
    for (const [state, count] of Object.entries(report.outcomes)) total[state] = (total[state] ?? 0) + count
    deaths += report.deaths
    rerun += report.rerun
    cancelsLost += report.cancelsLost
    left += report.left
    grown += report.grown
  }
  console.log(
    `${last - first + 1} seeds: ${JSON.stringify({ ...total, deaths, rerun, cancelsLost, left, grown })}`,
  )
  if (ONLY !== undefined) return
  // A simulation that never meets a race proves nothing about it.
  for (const [what, count] of Object.entries({ ...total, deaths, rerun, cancelsLost, left, grown })) {
    assert.ok(count > 0, `no seed met: ${what}`)
  }
})

test.run()
