import type { Clock } from '../core/clock.js'

/** How long tasks may keep the event loop from turning, in milliseconds. */
const SLICE_MS = 2

/**
 * Work that shares its event loop with others: it is begun in a microtask, and when it has had its slice of a turn, it
 * goes on in the next, after timers and sockets.
 *
 * A turn begins with the first piece of work in it. Its end is told by a callback of the loop itself and not guessed
 * from the clock, since microtasks can follow each other for ever without the loop turning.
 */
export class TurnSlice {
  readonly #clock: Clock
  readonly #environment: { microtask(call: () => void): void; nextTurn(call: () => void): void }
  readonly #work: () => void
  #turnStart = 0
  #inTurn = false
  #queued = false
  #active = false
  #waitsForTurn = false

  /** @param work does what there is to do until `isOver` */
  constructor(
    clock: Clock,
    environment: { microtask(call: () => void): void; nextTurn(call: () => void): void },
    work: () => void,
  ) {
    this.#clock = clock
    this.#environment = environment
    this.#work = work
  }

  /** There is work to do. It is never begun within this call. */
  wake(): void {
    if (this.#queued || this.#active || this.#waitsForTurn) return
    this.#queued = true
    this.#environment.microtask(() => {
      this.#queued = false
      this.#run()
    })
  }

  /** Whether the work is to stop for this turn; if so it is called again in the next. */
  isOver(now: number): boolean {
    if (now - this.#turnStart <= SLICE_MS) return false
    this.#waitsForTurn = true
    return true
  }

  #run(): void {
    if (this.#active || this.#waitsForTurn) return
    if (!this.#inTurn) {
      this.#inTurn = true
      this.#turnStart = this.#clock.now()
      this.#environment.nextTurn(() => this.#turned())
    }
    this.#active = true
    let isDone = false
    try {
      this.#work()
      isDone = true
    } finally {
      this.#active = false
      // What it threw is uncaught. There may be more to do, and who is to throw again does so once a turn.
      if (!isDone) this.#waitsForTurn = true
    }
  }

  #turned(): void {
    this.#inTurn = false
    if (!this.#waitsForTurn) return
    this.#waitsForTurn = false
    this.#run()
  }
}
