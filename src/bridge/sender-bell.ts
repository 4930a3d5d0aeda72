const BELL = 0
const SLEEPING = 1
const ASKED = 2
const ANSWERED = 3
const GONE = 4
const CLOSED = 5
const FIRST_CLOSED = 16
const MOST_CLOSED = 16
const WORDS = FIRST_CLOSED + MOST_CLOSED

/**
 * The doorbell of a sender, in memory that it shares with those who post to it: so that it can wait without its event
 * loop. It sleeps until somebody rings; and whoever rings wakes it only if it says that it sleeps, since mostly it does
 * not.
 *
 * Before it sleeps the sender says so, and then looks whether it has been rung; who rings, rings first, and then looks
 * whether the sender sleeps. So one of the two always notices.
 */
export class SenderBell {
  readonly buffer: SharedArrayBuffer
  readonly #ints: Int32Array
  #taken = 0

  /** @param buffer that of the bell on another thread; without it a bell is made */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer
    this.#ints = new Int32Array(buffer)
  }

  /** Whether a value that came in a message is the buffer of a bell. */
  static isBuffer(value: unknown): value is SharedArrayBuffer {
    return value instanceof SharedArrayBuffer && value.byteLength >= WORDS * 4
  }

  /** How often it has been rung; it wraps around. */
  get rung(): number {
    return Atomics.load(this.#ints, BELL)
  }

  /** After a message has been posted. */
  ring(): void {
    Atomics.add(this.#ints, BELL, 1)
    if (Atomics.load(this.#ints, SLEEPING) !== 0) Atomics.notify(this.#ints, BELL)
  }

  /**
   * Blocks the thread until it is rung.
   *
   * @param rung how often it had been rung when nothing was found
   * @param within milliseconds, at most
   */
  sleep(rung: number, within: number): void {
    Atomics.store(this.#ints, SLEEPING, 1)
    Atomics.wait(this.#ints, BELL, rung, within)
    Atomics.store(this.#ints, SLEEPING, 0)
  }

  /** The next connection of which has been told that its other end has closed, or 0. Of very many, the last. */
  takeClosed(): number {
    const count = Atomics.load(this.#ints, CLOSED)
    if (count === this.#taken) return 0
    this.#taken = Math.max(this.#taken, count - MOST_CLOSED)
    const connection = Atomics.exchange(this.#ints, FIRST_CLOSED + (this.#taken % MOST_CLOSED), 0)
    // Else it is about to be written, and the bell to be rung once more.
    if (connection !== 0) this.#taken++
    return connection
  }

  /** A connection to the sender has closed, at its other end: the sender would need its event loop to see it. */
  tellClosed(connection: number): void {
    const number = Atomics.add(this.#ints, CLOSED, 1)
    Atomics.store(this.#ints, FIRST_CLOSED + (number % MOST_CLOSED), connection)
    this.ring()
  }

  /** Whether the supervisor owes a sign of life. */
  get isUnanswered(): boolean {
    return Atomics.load(this.#ints, ASKED) !== Atomics.load(this.#ints, ANSWERED)
  }

  /** The supervisor is about to be asked for a sign of life. */
  ask(): void {
    Atomics.add(this.#ints, ASKED, 1)
  }

  /** It has been asked, and is alive. */
  answer(): void {
    Atomics.store(this.#ints, ANSWERED, Atomics.load(this.#ints, ASKED))
    this.ring()
  }

  /** Whether the supervisor has said that it goes. */
  get isForsaken(): boolean {
    return Atomics.load(this.#ints, GONE) !== 0
  }

  /** The supervisor goes, and nobody will ring any more. */
  forsake(): void {
    Atomics.store(this.#ints, GONE, 1)
    this.ring()
  }
}
