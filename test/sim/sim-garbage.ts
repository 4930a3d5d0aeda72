import type { Actor } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

interface Registered {
  readonly actor: Actor | null
  readonly collected: () => void
}

/** Whose run has its garbage collected by the simulation at present. */
let world: SimWorld | null = null
let gone = new WeakSet<object>()
let registered = new WeakMap<object, Registered>()

const Real = { WeakRef: globalThis.WeakRef, FinalizationRegistry: globalThis.FinalizationRegistry }

class SimWeakRef<T extends object> {
  readonly #target: T

  constructor(target: T) {
    this.#target = target
  }

  deref(): T | undefined {
    return gone.has(this.#target) ? undefined : this.#target
  }
}

class SimRegistry<H> {
  readonly #cleanup: (held: H) => void
  readonly #actor = world?.current ?? null

  constructor(cleanup: (held: H) => void) {
    this.#cleanup = cleanup
  }

  register(target: object, held: H): void {
    registered.set(target, { actor: this.#actor, collected: () => this.#cleanup(held) })
  }
}

/** From now on nothing that code under test refers to weakly is collected but by `collect`: a seed is to be one run. */
export function watchGarbage(by: SimWorld | null): void {
  world = by
  gone = new WeakSet()
  registered = new WeakMap()
  Object.assign(globalThis, by === null ? Real : { WeakRef: SimWeakRef, FinalizationRegistry: SimRegistry })
}

/** An object is garbage: whoever has registered it hears of it by and by. */
export function collect(object: object): void {
  gone.add(object)
  const entry = registered.get(object)
  registered.delete(object)
  if (entry !== undefined && entry.actor !== null) world?.later(entry.actor, entry.collected)
}
