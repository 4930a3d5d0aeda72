import { Actor } from './sim-actor.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What a simulated thread does in native code: whoever ends the thread meanwhile does so when that has returned. */
export class NativeCode {
  /** Whether the thread is in it. */
  isOn = false
  readonly #world: SimWorld
  readonly #thread: SimThread

  constructor(world: SimWorld, thread: SimThread) {
    this.#world = world
    this.#thread = thread
  }

  run(call: () => void): void {
    const { actor } = this.#thread
    this.isOn = true
    call()
    this.isOn = false
    if (this.#thread.terminated) actor.doom = 1
    this.#world.endure(actor, 'on its way out of native code')
  }

  /** As `run`, for so many milliseconds, in which all others go on. */
  goSilent(duration: number, call: () => void): void {
    const { actor } = this.#thread
    if (this.isOn) {
      call()
      return
    }
    this.isOn = true
    actor.parked = true
    this.#world.timersOf(new Actor('native code')).after(duration, () => {
      this.isOn = false
      actor.parked = false
      if (this.#thread.terminated) actor.die()
      else this.#world.run(actor, call)
    })
  }
}
