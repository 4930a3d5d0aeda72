import { nextTurn } from './own-context.js'

/** So long is waited at most, in milliseconds: a thread that has something left may be kept from the processor. */
const PATIENCE_MS = 1_000

const open = new Set<LastOutput>()
/** One listener for all: Node warns of more than ten. */
const atEnd = (): void => {
  for (const output of open) void output.fetch()
}

/**
 * What threads have written when the thread that made the scheduler has nothing more to do: in its last turns it is fetched,
 * since with that thread all others end.
 */
export class LastOutput {
  /** Where threads count that they write. */
  readonly count = new SharedArrayBuffer(4)
  readonly #count = new Int32Array(this.count)
  readonly #lastTask: () => number
  readonly #handOn: (within: number) => Promise<unknown>
  /** What the count was when it was fetched last. */
  #fetched = 0
  /** The last task that had been submitted by then. */
  #fetchedAfter = -1

  /**
   * @param lastTask the number of the last task that has been submitted
   * @param handOn resolves when all has been posted to this thread, within so many milliseconds
   */
  constructor(lastTask: () => number, handOn: (within: number) => Promise<unknown>) {
    this.#lastTask = lastTask
    this.#handOn = handOn
  }

  watch(): void {
    if (open.size === 0) process.on('beforeExit', atEnd)
    open.add(this)
  }

  stop(): void {
    open.delete(this)
    if (open.size === 0) process.off('beforeExit', atEnd)
  }

  /** Holds this thread until it is there, but once only for the same tasks: some thread may write for ever. */
  async fetch(): Promise<void> {
    const count = Atomics.load(this.#count, 0)
    const last = this.#lastTask()
    if (count === this.#fetched || last === this.#fetchedAfter) return
    this.#fetched = count
    this.#fetchedAfter = last
    await this.#handOn(PATIENCE_MS)
    // What lies in a port by now is read in this turn of the loop or in the next.
    nextTurn(() => nextTurn(() => {}))
  }
}
