/** What a slope is told for: so much of whatever figures are taken over. */
export interface Stretch {
  readonly name: string
  readonly length: number
}

const AN_HOUR: Stretch = { name: 'an hour', length: 3_600_000 }

/** Figures of one kind taken over a run, and whether they grow. */
export class Trend {
  readonly name: string
  readonly unit: string
  readonly #per: Stretch
  readonly #at: number[] = []
  readonly #values: number[] = []

  /** @param per what the slope is told for */
  constructor(name: string, unit: string, per = AN_HOUR) {
    this.name = name
    this.unit = unit
    this.#per = per
  }

  /** @param at milliseconds since the beginning, or how many of what `per` counts */
  note(at: number, value: number): void {
    this.#at.push(at)
    this.#values.push(value)
  }

  /**
   * How much more the last third shows than the second, by the lowest of each: what fills up once, such as a history, is
   * over by then, and what is still to be given back only adds, now and then, while what leaks is there in all of them.
   */
  get growth(): number {
    const third = Math.floor(this.#values.length / 3)
    return Math.min(...this.#values.slice(-third)) - Math.min(...this.#values.slice(third, 2 * third))
  }

  /** How much that is for each unit of `per` between the middles of these thirds. */
  get rate(): number {
    const third = Math.floor(this.#at.length / 3)
    const passed = median(this.#at.slice(-third)) - median(this.#at.slice(third, 2 * third))
    return passed === 0 ? 0 : (this.growth / passed) * this.#per.length
  }

  /** The slope of the line that fits the last two thirds best. */
  get slope(): number {
    const from = Math.floor(this.#values.length / 3)
    const xs = this.#at.slice(from)
    const ys = this.#values.slice(from)
    const x = mean(xs)
    const y = mean(ys)
    const covariance = xs.reduce((sum, at, i) => sum + (at - x) * (ys[i]! - y), 0)
    const variance = xs.reduce((sum, at) => sum + (at - x) ** 2, 0)
    return variance === 0 ? 0 : (covariance / variance) * this.#per.length
  }

  get count(): number {
    return this.#values.length
  }

  toString(): string {
    const shown = (value: number): string => `${value.toFixed(1)} ${this.unit}`
    const [first, last] = [this.#values[0] ?? 0, this.#values.at(-1) ?? 0]
    return `${this.name}: ${shown(first)} at first, ${shown(last)} at last; growth ${shown(this.growth)}, ${shown(this.rate)} ${this.#per.name}; slope ${shown(this.slope)} ${this.#per.name}`
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
