/** Thrown through an actor's own code when it dies in the middle of something. */
export class Died extends Error {}

/** A simulated thread: what runs by itself, one thing at a time, and may be held up or die. */
export class Actor {
  readonly name: string
  /** Whether its code is on the stack. */
  running = false
  /** Held up: it takes nothing until it goes on. */
  parked = false
  dead = false
  /** It takes nothing before the promises that its last deed has settled have been told of. */
  unsettled = false
  /** After so many steps more it dies. */
  doom = Number.POSITIVE_INFINITY
  /** Whether it may die of a fault. */
  readonly isMortal: boolean
  readonly #onDeath: () => void

  /** @param onDeath of one that is to live as long as the world, nothing */
  constructor(name: string, onDeath?: () => void) {
    this.name = name
    this.isMortal = onDeath !== undefined
    this.#onDeath = onDeath ?? (() => {})
  }

  get canRun(): boolean {
    return !this.running && !this.parked && !this.dead && !this.unsettled
  }

  /** Dies here and now; whatever of its code is on the stack is unwound by the next thing it tries to do. */
  die(): void {
    if (this.dead) return
    this.dead = true
    this.#onDeath()
  }
}
