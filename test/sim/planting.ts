import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { PLANTED_SEEDS } from './planted-seeds.js'
import { runSeed } from './sim-workload.js'
import { type Detector, Violation } from './violation.js'

/** One of so many seeds must find a planted bug. */
const SEEDS = 2_000

Error.stackTraceLimit = 0
// A detector may speak up within a promise that nobody awaits: the run ends with what it said all the same.
process.on('unhandledRejection', () => {})

/** Puts bugs in the place of what is right, and sees to it that the simulation finds them. */
export class Planting {
  readonly #test: Test
  readonly #isApt: (seed: number) => boolean

  /** @param isApt whether a seed can show any of these bugs: others are not tried */
  constructor(test: Test, isApt: (seed: number) => boolean = () => true) {
    this.#test = test
    this.#isApt = isApt
  }

  /**
   * Puts a bug in the place of a method.
   *
   * @param detectors one of these is to speak up first: which, of those that watch what goes wrong, is a matter of order
   * @param plant makes the wrong method of the right one
   */
  finds<T extends object, K extends keyof T>(
    what: string,
    detectors: Detector | readonly Detector[],
    within: T,
    method: K,
    plant: (right: T[K]) => T[K],
  ): void {
    const { value } = Object.getOwnPropertyDescriptor(within, method)!
    this.findsProperty(what, detectors, within, method, { value: plant(value), writable: true })
  }

  /** As `finds`, for what is no method. */
  findsProperty<T extends object, K extends keyof T>(
    what: string,
    detectors: Detector | readonly Detector[],
    within: T,
    property: K,
    planted: PropertyDescriptor,
  ): void {
    this.#test(`${what} is found by the detector '${detectors}'`, async () => {
      const right = Object.getOwnPropertyDescriptor(within, property)!
      Object.defineProperty(within, property, { ...planted, configurable: true })
      try {
        const { detector } = await firstFailure(PLANTED_SEEDS.get(what) ?? 1, this.#isApt)
        assert.ok([detectors].flat().includes(detector), `it was found by '${detector}'`)
      } finally {
        Object.defineProperty(within, property, right)
      }
    })
  }
}

async function firstFailure(from: number, isApt: (seed: number) => boolean): Promise<Violation> {
  for (let seed = from, tried = 0; tried < SEEDS; seed++) {
    if (!isApt(seed)) continue
    tried++
    try {
      await runSeed(seed)
    } catch (error) {
      assert.instance(error, Violation, String(error))
      const { message } = error as Violation
      assert.match(message, new RegExp(`^seed ${seed}, step [0-9]+, detector `))
      console.log(`  ${message.slice(0, 160)}`)
      return error as Violation
    }
  }
  throw new Error(`not found within ${SEEDS} seeds from ${from} on`)
}

/** True for one of so many calls. */
export function oneOf(count: number): () => boolean {
  let calls = 0
  return () => ++calls % count === 0
}
