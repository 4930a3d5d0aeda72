import type { Engine } from './engine.js'
import type { PricedOrder } from './orders.js'
import type { PhaseRecord } from './phase-record.js'

const INTERVAL_MS = 20

/**
 * Sends an urgent task at a fixed pace, whether or not the one before has been answered: customers do not wait for
 * one another.
 */
export class UrgentPulse {
  readonly #engine: Engine
  readonly #record: PhaseRecord
  readonly #orders: readonly PricedOrder[]
  readonly #between: () => void
  readonly #open = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | null = null
  #sent = 0

  /** @param between called half-way between two tasks, where what it does disturbs neither */
  constructor(engine: Engine, orders: readonly PricedOrder[], record: PhaseRecord, between: () => void) {
    this.#engine = engine
    this.#orders = orders
    this.#record = record
    this.#between = between
  }

  start(): void {
    this.#timer = setInterval(() => {
      const task = this.#send()
      this.#open.add(task)
      task.finally(() => this.#open.delete(task))
      setTimeout(this.#between, INTERVAL_MS / 2)
    }, INTERVAL_MS)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Resolves when all that were sent are answered. */
  async answered(): Promise<void> {
    await Promise.all(this.#open)
  }

  async #send(): Promise<void> {
    const { order, cents } = this.#orders[this.#sent++ % this.#orders.length]!
    const measured = this.#record.stage === 'measuring'
    const start = performance.now()
    try {
      const answer = await this.#engine.urgent(order)
      if (measured) this.#record.urgentDone(performance.now() - start)
      if (answer !== cents) throw new Error(`the price is ${answer} cents and should be ${cents}`)
    } catch (error) {
      this.#record.fail('order', error)
    }
  }
}
