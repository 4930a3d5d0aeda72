import type { SimWorld } from './sim-world.js'

/** Promises settle in real microtasks, a few for each `then` on the way. */
const ROUNDS = 12

/** Has all promises told of that are settled. */
export async function settle(world: SimWorld): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await undefined
  world.settled()
}
