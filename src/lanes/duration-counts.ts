import type { RecordableHistogram } from 'node:perf_hooks'
import { newDurations } from './task-timings.js'

const NANOSECONDS = 1e6
/** A double keeps its exponent and the first bits of its fraction in its upper word. */
const UPPER = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0
/** Of those as many as a histogram of two digits keeps: whatever they are alike in, it cannot tell apart. */
const KEPT_FRACTION_BITS = 7
const DROPPED_BITS = 20 - KEPT_FRACTION_BITS
const EXPONENT_OF_ONE = 1023 << KEPT_FRACTION_BITS
/** One for each of the durations that can be told apart, up to the greatest whole number. */
const COUNTS = 53 << KEPT_FRACTION_BITS

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/**
 * Durations that one thread has counted and nobody has asked for yet. To count one costs a tenth of what it costs to
 * record it in a histogram, which is called for each task; the histogram is made up for at once when it is looked at.
 */
export class DurationCounts {
  readonly #counts = new Float64Array(COUNTS)
  #most = 0

  /** @param duration milliseconds; bent to the nearest whole nanoseconds, from 1 on, that a histogram takes */
  count(duration: number): void {
    const nanoseconds = duration * NANOSECONDS + 0.5
    double[0] = nanoseconds >= 1 ? Math.min(nanoseconds, Number.MAX_SAFE_INTEGER) : 1
    const count = ++this.#counts[(words[UPPER]! >>> DROPPED_BITS) - EXPONENT_OF_ONE]!
    if (count > this.#most) this.#most = count
  }

  /**
   * Records what has been counted, and begins anew.
   *
   * A histogram takes one duration at a time, and can be added to another. So each is recorded once for each bit that is
   * set in its count, and all that has been recorded is doubled from one bit to the next.
   */
  moveTo(histogram: RecordableHistogram): void {
    if (this.#most === 0) return
    const counted: { readonly duration: number; readonly count: number }[] = []
    this.#counts.forEach((count, index) => {
      if (count > 0) counted.push({ duration: durationAt(index), count })
    })
    const sum = newDurations()
    const before = newDurations()
    for (let bit = 2 ** Math.floor(Math.log2(this.#most)); bit >= 1; bit /= 2) {
      if (sum.count > 0) {
        before.reset()
        before.add(sum)
        sum.add(before)
      }
      for (const { duration, count } of counted) {
        if (Math.floor(count / bit) % 2 === 1) sum.record(duration)
      }
    }
    histogram.add(sum)
    this.#counts.fill(0)
    this.#most = 0
  }
}

/** The least whole number of nanoseconds that is counted there. */
function durationAt(index: number): number {
  words[UPPER] = (index + EXPONENT_OF_ONE) << DROPPED_BITS
  words[1 - UPPER] = 0
  return Math.floor(double[0]!)
}
