/** The TypeScript library of ES2023 does not know it yet; every supported Node does. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(ints: Int32Array, index: number, value: number): { readonly value: PromiseLike<string> | string }
}

const SENT = 0
const STARTED = 1
const ENDED = 2
const WITHDRAWN = 3
const DECIDED = 4

const PHASE = 0
const THREAD = 1
const BEGIN = 1
const END = 2
/** Behind the instants. */
const LOADED = 6
const BYTES = 32

/**
 * One attempt at a `SyncTask`, in memory that its pool thread and the submitting thread share. Every change is a
 * compare-and-exchange, so that whoever comes first decides, and the other learns that it did not.
 *
 * | state     | meaning                                    | entered from | by                       |
 * |-----------|--------------------------------------------|--------------|--------------------------|
 * | SENT      | on its way to a thread                     |              |                          |
 * | STARTED   | a thread has it                            | SENT         | the thread: `begin`      |
 * | ENDED     | its function decided the outcome           | STARTED      | the thread: `end`        |
 * | WITHDRAWN | no thread will call its function           | SENT         | the submitter: `withdraw`|
 * | DECIDED   | the outcome was decided against it         | STARTED      | the submitter: `decide`  |
 */
export class SyncCell {
  readonly buffer: SharedArrayBuffer
  readonly #ints: Int32Array
  readonly #instants: Float64Array

  /** @param buffer that of the cell on the other thread; without it a cell is made */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer
    this.#ints = new Int32Array(buffer)
    this.#instants = new Float64Array(buffer)
  }

  /** The `threadId` of the thread that has it; 0 as long as none has. */
  get thread(): number {
    return this.isBegun ? this.#ints[THREAD]! : 0
  }

  get isBegun(): boolean {
    const phase = Atomics.load(this.#ints, PHASE)
    return phase !== SENT && phase !== WITHDRAWN
  }

  /** Whether the outcome was decided against it. */
  get isDecided(): boolean {
    return Atomics.load(this.#ints, PHASE) === DECIDED
  }

  /** Whether its thread has the module of its function, or has said that it cannot have it. */
  get isLoaded(): boolean {
    return Atomics.load(this.#ints, LOADED) === 1
  }

  /** Whether its function has decided the outcome. */
  get isEnded(): boolean {
    return Atomics.load(this.#ints, PHASE) === ENDED
  }

  /** The instant at which it began, once it has. */
  get begun(): number {
    return this.#instants[BEGIN]!
  }

  /** The instant at which its function had ended, once it has. */
  get ended(): number {
    return this.#instants[END]!
  }

  /** @returns whether the function is to be called */
  begin(thread: number, now: number): boolean {
    this.#ints[THREAD] = thread
    this.#instants[BEGIN] = now
    return this.#change(SENT, STARTED)
  }

  noteLoaded(): void {
    Atomics.store(this.#ints, LOADED, 1)
  }

  /** @returns whether what the function has come to is the outcome */
  end(now: number): boolean {
    this.#instants[END] = now
    return this.#change(STARTED, ENDED)
  }

  /** @returns whether it was in time: the function will not be called */
  withdraw(): boolean {
    return this.#change(SENT, WITHDRAWN)
  }

  /** @returns whether it was in time: what the function comes to does not count */
  decide(): boolean {
    return this.#change(STARTED, DECIDED)
  }

  /** Resolves when it is SENT no more. */
  async whenBegunOrWithdrawn(): Promise<void> {
    await waitAsync(this.#ints, PHASE, SENT).value
  }

  /** Resolves when it is STARTED no more. */
  async whenEndedOrDecided(): Promise<void> {
    await waitAsync(this.#ints, PHASE, STARTED).value
  }

  #change(from: number, to: number): boolean {
    if (Atomics.compareExchange(this.#ints, PHASE, from, to) !== from) return false
    Atomics.notify(this.#ints, PHASE)
    return true
  }
}
