/**
 * What a lane thread shows of itself in shared memory, so that senders and the supervisor can look at it without
 * asking, also while its loop is held.
 */
const BELL = 0
const HOLDER = 1
const HOLDER_SENDER = 2
const SIGNS = 3
const IN_PROGRESS = 4
const BACKLOG = 5
const STARTED = 6
const STRAYS = 7
const THREAD = 8
const WORDS = 32
/** Among 64-bit fields: the first of the second cache line, which the thread alone writes. */
const SPUN = 8
const WAITING = 18
const SENDING = 19
const OWED = 20
const BLOCKED = 21
const WRITING = 22

export class ThreadBlock {
  readonly buffer: SharedArrayBuffer
  /** How many places in the lane's queue the thread has yet to give back: a word for `QueuePlaces`. */
  readonly owed: Int32Array
  readonly #ints: Int32Array
  readonly #floats: Float64Array

  constructor(buffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer
    this.owed = new Int32Array(buffer, OWED * 4, 1)
    this.#ints = new Int32Array(buffer)
    this.#floats = new Float64Array(buffer)
  }

  /** The doorbell: how many messages have been posted to the thread, by all its senders. */
  get bell(): number {
    return Atomics.load(this.#ints, BELL)
  }

  ring(): void {
    Atomics.add(this.#ints, BELL, 1)
  }

  /** The id of the task in its first synchronous stretch on the loop, or 0. */
  get holder(): number {
    return Atomics.load(this.#ints, HOLDER)
  }

  /** Whose table the holder's id belongs to. */
  get holderSender(): number {
    return Atomics.load(this.#ints, HOLDER_SENDER)
  }

  /** A task has started, and has the loop. */
  hold(sender: number, id: number): void {
    this.#ints[STARTED]!++
    this.#ints[HOLDER_SENDER] = sender
    this.#ints[HOLDER] = id
  }

  /** How many tasks the thread has started so far; it wraps around. */
  get started(): number {
    return Atomics.load(this.#ints, STARTED)
  }

  release(): void {
    this.#ints[HOLDER] = 0
  }

  /** How many signs the thread has given that its loop turns: one for each abort, and for whatever else asks for one. */
  get signs(): number {
    return Atomics.load(this.#ints, SIGNS)
  }

  giveSign(): void {
    Atomics.add(this.#ints, SIGNS, 1)
  }

  /** Tasks started and not finished that take a place: neither run by the loop right now nor waiting for others. */
  get inProgress(): number {
    return Atomics.load(this.#ints, IN_PROGRESS)
  }

  set inProgress(count: number) {
    Atomics.store(this.#ints, IN_PROGRESS, count)
  }

  /** Tasks started and not finished that wait for others. */
  get waiting(): number {
    return Atomics.load(this.#ints, WAITING)
  }

  set waiting(count: number) {
    Atomics.store(this.#ints, WAITING, count)
  }

  /** Whether the thread has submitted tasks that have not finished. */
  get isSending(): boolean {
    return Atomics.load(this.#ints, SENDING) !== 0
  }

  set isSending(sending: boolean) {
    Atomics.store(this.#ints, SENDING, sending ? 1 : 0)
  }

  /** Whether the thread is in a synchronous wait, and starts nothing until that is over. */
  get isBlocked(): boolean {
    return Atomics.load(this.#ints, BLOCKED) !== 0
  }

  set isBlocked(blocked: boolean) {
    Atomics.store(this.#ints, BLOCKED, blocked ? 1 : 0)
  }

  /** Whether anything that the thread has written to its standard output or error may still be on it. */
  get isWriting(): boolean {
    return Atomics.load(this.#ints, WRITING) !== 0
  }

  set isWriting(writing: boolean) {
    Atomics.store(this.#ints, WRITING, writing ? 1 : 0)
  }

  /** Whether some sender holds tasks back for want of credit, and wants to be told when there is room. */
  get backlog(): boolean {
    return Atomics.load(this.#ints, BACKLOG) !== 0
  }

  set backlog(waiting: boolean) {
    Atomics.store(this.#ints, BACKLOG, waiting ? 1 : 0)
  }

  /** The worker's thread id; 0 until the lease has reached it. */
  get thread(): number {
    return Atomics.load(this.#ints, THREAD)
  }

  set thread(id: number) {
    Atomics.store(this.#ints, THREAD, id)
  }

  /** How many messages to or from the thread, or parts of one, made no sense and were dropped. */
  get strays(): number {
    return Atomics.load(this.#ints, STRAYS)
  }

  addStray(): void {
    Atomics.add(this.#ints, STRAYS, 1)
  }

  /** Milliseconds of CPU that the thread has spent on looking for work before it went to sleep. */
  get spun(): number {
    return this.#floats[SPUN]!
  }

  addSpun(duration: number): void {
    this.#floats[SPUN]! += duration
  }
}
