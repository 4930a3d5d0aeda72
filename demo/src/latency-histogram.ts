const SMALLEST_MS = 0.001
/** Each bucket is 2 % wider than the one before, so a percentile is never off by more than 1 %. */
const GROWTH = Math.log(1.02)
/** Enough to reach 100 s. */
const BUCKETS = Math.ceil(Math.log(100_000 / SMALLEST_MS) / GROWTH)

/** Counts latencies in buckets of growing width: constant memory and a constant cost, however many there are. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** The greatest latency, exactly; 0 if there is none. */
  get max(): number {
    return this.#max
  }

  record(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / GROWTH)
    this.#buckets[Math.min(bucket, BUCKETS - 1)]!++
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /**
   * @param share between 0 and 1: 0.99 for the 99th percentile
   * @returns ms that so large a share took at most; 0 if there is no latency
   */
  percentile(share: number): number {
    const rank = Math.ceil(share * this.#count)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!
      if (seen >= rank && seen > 0) {
        return Math.min(SMALLEST_MS * Math.exp((bucket + 0.5) * GROWTH), this.#max)
      }
    }
    return 0
  }
}
