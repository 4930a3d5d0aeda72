import { SCHEDULED } from '../core/task-state.js'
import type { TableView } from './shared-table.js'

/** Words of the lane's memory. */
const TAKEN = 0
const WANTED = 1
/** What the second says: that somebody waits for room, and that whoever has given a place back is about to tell of it. */
const SOMEBODY_WAITS = 1
const BEING_TOLD = 2
const BYTES = 8
const OWN_BYTES = 4

/**
 * The places in the queue of a lane, of which all that submit to it share one count: a task takes one when it is
 * accepted, or is to be run again, and gives it back when it starts, or ends without having started.
 *
 * Who makes a task start or end by a compare-and-exchange in the task table gives its place back, whichever thread that
 * is: so there is room at once, also while the submitter is blocked. What becomes of a task that is not sent is for its
 * submitter alone.
 *
 * A thread of a lane that submits may end at any call of a function. It counts its own places in words of its own, one for
 * each lane, which it has been given by the supervisor. That brings them back to 0 when it has gone; whoever then gives one
 * of its places back finds that there is none. The thread that made the scheduler has no such words: the lanes end with it.
 *
 * Of its tasks a lane thread gives the places back several at a time, since else both would write the one word for each
 * task. It counts what it owes in a word of its thread block, where the supervisor finds it when the thread has ended.
 *
 * Who finds no room says so in the second word and looks once more; who gives a place back reads it afterwards. So one
 * of the two always notices, and the supervisor has all that wait look again. It may end before it has told the
 * supervisor, which therefore reads the word as well when a thread has ended.
 */
export class QueuePlaces {
  readonly #lane: Int32Array
  readonly #own: Int32Array | null
  readonly #index: number
  readonly #owed: Int32Array | null
  readonly #mostOwed: number

  /** What the threads that have to do with a lane share. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(BYTES)
  }

  /** What a submitter that is a thread of a lane shares with those that end its tasks. @param lanes how many there are */
  static ownMemory(lanes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(lanes * OWN_BYTES)
  }

  /**
   * @param lane the memory of the lane
   * @param own that of the submitter, or null if it made the scheduler
   * @param index the place of the lane among all
   * @param owed where a lane thread counts the places that it has yet to give back
   * @param mostOwed how many these may be
   */
  constructor(
    lane: SharedArrayBuffer,
    own: SharedArrayBuffer | null,
    index: number,
    owed: Int32Array | null = null,
    mostOwed = 0,
  ) {
    this.#lane = new Int32Array(lane)
    this.#own = own === null ? null : new Int32Array(own)
    this.#index = index
    this.#owed = own === null && mostOwed > 0 ? owed : null
    this.#mostOwed = mostOwed
  }

  /** How many are taken, whoever has them. */
  get taken(): number {
    return Atomics.load(this.#lane, TAKEN)
  }

  /** Takes a place if fewer than `limit` are taken. @returns whether there was one */
  take(limit: number): boolean {
    for (;;) {
      const taken = Atomics.load(this.#lane, TAKEN)
      if (taken >= limit) return false
      if (Atomics.compareExchange(this.#lane, TAKEN, taken, taken + 1) !== taken) continue
      if (this.#own !== null) Atomics.add(this.#own, this.#index, 1)
      return true
    }
  }

  /** Takes a place whether there is room or not: for a task that has been let in before. */
  takeAgain(): void {
    Atomics.add(this.#lane, TAKEN, 1)
    if (this.#own !== null) Atomics.add(this.#own, this.#index, 1)
  }

  /** Gives a place back. */
  giveBack(): void {
    if (this.#own !== null && Atomics.sub(this.#own, this.#index, 1) <= 0) {
      Atomics.add(this.#own, this.#index, 1)
      return
    }
    Atomics.sub(this.#lane, TAKEN, 1)
  }

  /**
   * Has a sent task start or end, as `TableView.exchange` does, and gives its place back with it. Between the two no
   * function is called: a thread that is ended there would take the place along.
   */
  leave(table: TableView, id: number, to: number): boolean {
    if (!table.exchange(id, SCHEDULED, to)) return false
    if (this.#owed !== null) {
      if (++this.#owed[0]! >= this.#mostOwed) this.settle()
    } else if (this.#own !== null && Atomics.sub(this.#own, this.#index, 1) <= 0)
      Atomics.add(this.#own, this.#index, 1)
    else Atomics.sub(this.#lane, TAKEN, 1)
    return true
  }

  /** Whether nothing is owed. */
  get isSettled(): boolean {
    return this.#owed === null || this.#owed[0] === 0
  }

  /** Gives back what is owed. */
  settle(): void {
    const owed = this.#owed
    if (owed === null || owed[0] === 0) return
    const count = owed[0]!
    owed[0] = 0
    Atomics.sub(this.#lane, TAKEN, count)
  }

  /** Has whoever gives the next place back see to it that all who wait look again. To be followed by another look. */
  want(): void {
    Atomics.store(this.#lane, WANTED, SOMEBODY_WAITS)
  }

  /** After a place was given back. @returns whether somebody waits for one, for whom the caller has to tell the supervisor */
  heed(): boolean {
    return (
      Atomics.load(this.#lane, WANTED) === SOMEBODY_WAITS &&
      Atomics.compareExchange(this.#lane, WANTED, SOMEBODY_WAITS, BEING_TOLD) === SOMEBODY_WAITS
    )
  }

  /** The supervisor has been told, and is about to have all who wait look again. */
  told(): void {
    Atomics.compareExchange(this.#lane, WANTED, BEING_TOLD, 0)
  }

  /** Whether somebody has given a place back and has not told the supervisor of those who wait, as far as that knows. */
  get isBeingTold(): boolean {
    return Atomics.load(this.#lane, WANTED) === BEING_TOLD
  }

  /** The submitter has gone, and all that it had not sent with it. */
  clear(): void {
    if (this.#own === null) return
    const taken = Atomics.exchange(this.#own, this.#index, 0)
    // Below 0 while another is about to find that there was none left to give back.
    if (taken > 0) Atomics.sub(this.#lane, TAKEN, taken)
  }
}
