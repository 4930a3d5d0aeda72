import { OVERLOAD_POLICIES } from '#src/core/admission.js'
import type { Random } from '../support/random.js'
import type { SimLaneOptions } from './sim-scheduler.js'

/** @param deadly whether threads are to die of themselves, which a small budget of restarts would end soon */
export function randomLane(random: Random, deadly: boolean): SimLaneOptions {
  const min = 1 + random.below(3)
  const isTight = random.chance(deadly ? 0.2 : 0.7)
  return {
    threads: { min, max: min + random.below(3), idleTimeout: 10 + random.below(30) },
    concurrency: random.pick([1, 1, 2, 8]),
    grace: random.pick([5, 50]),
    queueLimit: random.pick([Number.POSITIVE_INFINITY, 1, 10]),
    overload: random.pick(OVERLOAD_POLICIES),
    spin: random.pick([0, 0, 0, 0.05]),
    stallAfter: random.pick([Number.POSITIVE_INFINITY, 30]),
    onStall: random.pick(['report', 'replace', 'terminate'] as const),
    restart: isTight
      ? { max: 1 + random.below(2), within: random.pick([40, 40, 10_000]) }
      : { max: 1000, within: 10_000 },
  }
}

/** What there is of lanes, and whether their tasks submit others. A share of runs have one lane, as do most programs. */
export interface MeshOptions {
  readonly lanes: number
  readonly nesting: boolean
}

/** @param share how likely tasks submit others */
export function randomMesh(random: Random, share: number): MeshOptions {
  const nesting = random.chance(share)
  return { nesting, lanes: nesting ? 1 + random.below(3) : random.chance(0.08) ? 2 : 1 }
}
