import type { Mail, MemoryPort } from '#src/bridge/memory-port.js'
import { ManualClock } from '../support/manual-clock.js'
import { Random } from '../support/random.js'

/**
 * All that happens by itself: messages on their way, calls put off, timers. Each step lets one of them happen, and the
 * seed decides which, so one seed is one run. Within a port, order is kept; between ports there is none.
 */
export class SimWorld implements Mail {
  readonly random: Random
  readonly clock = new ManualClock()
  readonly #ports = new Set<MemoryPort>()
  #calls: (() => void)[] = []
  /** Ports of a thread that is parked: it takes nothing until it wakes. */
  readonly parked = new Set<MemoryPort>()

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  posted(port: MemoryPort): void {
    this.#ports.add(port)
  }

  later(call: () => void): void {
    this.#calls.push(call)
  }

  /** Lets one thing happen; returns false if there is nothing but timers, and none of those before `horizon`. */
  step(horizon = Number.POSITIVE_INFINITY): boolean {
    const ports = [...this.#ports].filter(port => port.ready && !this.parked.has(port))
    const choices = ports.length + this.#calls.length
    const timer = this.clock.next
    if (choices === 0 || (timer < Number.POSITIVE_INFINITY && this.random.chance(0.1))) {
      if (timer > horizon || timer === Number.POSITIVE_INFINITY) {
        if (choices === 0) return false
      } else {
        this.clock.fireNext()
        return true
      }
    }
    if (this.random.chance(0.3)) this.clock.advance(this.random.next() * 0.2)
    const chosen = this.random.below(choices)
    if (chosen < ports.length) ports[chosen]!.deliver()
    else this.#calls.splice(chosen - ports.length, 1)[0]!()
    return true
  }
}
