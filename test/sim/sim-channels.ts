import type { MessagePort } from 'node:worker_threads'
import type { Actor } from './sim-actor.js'
import { SimPort } from './sim-port.js'
import type { SimWorld } from './sim-world.js'

/** Channels whose ends are numbers until somebody opens them, so that they can be posted. */
export class SimChannels {
  readonly #world: SimWorld
  readonly #ends: SimPort[] = []
  readonly #nobody: Actor

  constructor(world: SimWorld, nobody: Actor) {
    this.#world = world
    this.#nobody = nobody
  }

  make(): { readonly port1: MessagePort; readonly port2: MessagePort } {
    const [near, far] = SimPort.pair(
      this.#world,
      this.#nobody,
      this.#nobody,
      end => this.#ends[end as unknown as number],
    )
    const port1 = this.#ends.push(near) - 1
    const port2 = this.#ends.push(far) - 1
    return { port1: port1 as unknown as MessagePort, port2: port2 as unknown as MessagePort }
  }

  /** @param actor whose end it is from now on */
  open(end: unknown, actor: Actor): SimPort {
    const port = this.#ends[end as number]!
    port.actor = actor
    return port
  }
}
