import { SenderBell } from '#src/bridge/sender-bell.js'
import type { Actor } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

/** The bell of a simulated thread, which lets all others go on while it sleeps. */
export class SimBell extends SenderBell {
  readonly #world: SimWorld
  readonly #actor: Actor

  constructor(world: SimWorld, actor: Actor) {
    super()
    this.#world = world
    this.#actor = actor
  }

  override sleep(rung: number, within: number): void {
    const world = this.#world
    const until = world.now() + within
    while (this.rung === rung && world.now() < until && world.violation === null) {
      // It may die in its sleep.
      world.endure(this.#actor, 'in a synchronous wait')
      if (!world.step(until)) world.advance(Math.max(0, until - world.now()))
    }
    world.endure(this.#actor, 'in a synchronous wait')
  }
}
