/**
 * The shared task table: the state of every sent task, in memory that all threads see.
 *
 * Each sender owns a table of its own and alone takes and frees its slots; lane threads and the supervisor hold
 * views of it. A slot is two cache lines: what every task touches is in the first, what only limited or retried
 * tasks touch in the second. The table grows by whole segments of fixed size, because an access to a growable
 * SharedArrayBuffer costs four times as much.
 *
 * Word 0 holds generation and state together, so that one compare-and-exchange decides an outcome and one left
 * over from an earlier use of the slot always fails. A task's id is its generation and slot. A slot is freed only
 * when the lane thread has acknowledged its task, or is known to have exited; one that only shows a task's state
 * (`homes`), when nobody has its handle any more.
 *
 * Whoever has a task leave SCHEDULED for good gives its place in the lane's queue back (`QueuePlaces`).
 *
 * Who may make which change: lane thread SCHEDULED→STARTED, STARTED→DONE, STARTED→FAILED; sender and supervisor
 * SCHEDULED or STARTED→CANCELED or TIMED_OUT; sender SCHEDULED→RECALLED, STARTED→DONE or FAILED when it holds
 * the lane's answer (the answer is posted before the lane's own exchange, so either may come first, with the same
 * verdict), and STARTED→FAILED when the lane thread is lost, on which the task may still run until that has exited.
 */
import type { TimeLimit } from '../core/errors.js'
import { SCHEDULED } from '../core/task-state.js'

/** A free slot; the number of the task state NEW, which no sent task has. */
export const FREE = 0
/** Taken back by its sender: the lane thread is to skip it. Beyond the numbers of the task states. */
export const RECALLED = 8

/** The verdict of a slot that is done with, and whose task has no outcome here: a bare acknowledgement. */
export const ACKNOWLEDGED = -1

/** The slot of no task, in whose lane's queue something would wait. */
export const NO_LANE = -1

const SLOT_BITS = 17
const SLOT_MASK = (1 << SLOT_BITS) - 1
/** Beyond all ids. */
const ID_BOUND = 2 ** 31
const GENERATION_MASK = (1 << (31 - SLOT_BITS)) - 1
const STATE_BITS = 4
const STATE_MASK = (1 << STATE_BITS) - 1

const SEGMENT_BITS = 11
const SEGMENT_SLOTS = 1 << SEGMENT_BITS
const SEGMENT_MASK = SEGMENT_SLOTS - 1
const SLOT_WORDS_BITS = 5
const SLOT_BYTES = 4 << SLOT_WORDS_BITS

/** Indexes of 32-bit fields within a slot. */
export const INT = Object.freeze({
  WORD: 0,
  /** Index of the function. */
  CALL: 1,
  ARGUMENTS: 2,
  FLAGS: 3,
  THREAD: 4,
  /** DONE, FAILED or `ACKNOWLEDGED`, which the lane thread says in its answer; 0 before. */
  VERDICT: 5,
  /** The slot that shows the task's state to those who have its handle, or 0. Set and read with Atomics. */
  HOME: 14,
  /** The place of its lane among all; `NO_LANE` in a slot that shows a state. */
  LANE: 15,
  PRIORITY: 16,
  ATTEMPT: 17,
  /** Which limit ran out, and of what: one of `LIMIT`, which is an index into `LIMITS`. */
  LIMIT: 18,
  /** The task's own priority, which PRIORITY may be greater than for what waits for it. With EXTRAS. */
  OWN_PRIORITY: 19,
  /** The home for which its thread keeps what became of it. With KEPT. */
  KEPT_FOR: 28,
  /** Of a home: the slot whose answer was the task's end, or 0. Written before the home shows that end. */
  ENDED_IN: 29,
})

/** Indexes of 64-bit fields within a slot. */
export const FLOAT = Object.freeze({
  SEQUENCE: 3,
  /** An instant, or 0; of a home see `homes`, and so of ENDED. */
  STARTED: 4,
  ENDED: 5,
  /** The instant since when it could have been sent. */
  SUBMITTED: 6,
  /** The instant at which the task is timed out if it has not started. */
  EXPIRES: 10,
  DEADLINE: 11,
  TIMEOUT: 12,
  /**
   * The instant at which the task is timed out once it has started. Written by its thread before the exchange that
   * starts it: another field than that of its waiting, so that whoever looks in between mistakes neither for the other.
   */
  RUN_EXPIRES: 13,
})

/** Bits of `INT.FLAGS`. */
export const FLAG = Object.freeze({
  /** EXPIRES, DEADLINE and TIMEOUT are set, and were before this is: set and read with Atomics. */
  LIMITED: 1,
  /** The sender wants to know at once when the task starts. */
  REPORT_START: 2,
  /** PRIORITY and ATTEMPT are set. */
  EXTRAS: 4,
  /** The last of its arguments is a list of the handles among the others. */
  HANDLES: 8,
  /** A failure may not be its end, if it fails by itself. */
  RETRIES: 16,
  /** It has, or had, a HOME. A lane thread reads its flags anyway, and looks for a home no more than it has to. */
  SHOWN: 32,
  /**
   * KEPT_FOR is set: the thread that ran it keeps what became of it for those who have its handle, if its answer is the
   * task's end. Set before the answer leaves.
   */
  KEPT: 64,
  /** It cannot be taken back: what it was to hand over has been. */
  BOUND: 128,
  /** Nor need the loss of its thread be its end, which is a failure of its slot as well. */
  IDEMPOTENT: 256,
})

/**
 * The limits of a task. One deadline bounds its waiting and its running, but whose time ran out while it waited never
 * started: its thread may at that moment be about to claim it, and has written a start that it takes back.
 */
export const LIMIT = Object.freeze({
  TIMEOUT: 0,
  QUEUE_TIMEOUT: 1,
  DEADLINE_OF_WAITING: 2,
  DEADLINE_OF_RUN: 3,
})
/** What each is called. */
export const LIMITS: readonly TimeLimit[] = ['timeout', 'queueTimeout', 'deadline', 'deadline']

/** Whether the limit that ran out was one of a task that had started. */
export function isLimitOfRun(limit: number): boolean {
  return limit === LIMIT.TIMEOUT || limit === LIMIT.DEADLINE_OF_RUN
}

export function slotOf(id: number): number {
  return id & SLOT_MASK
}

function wordOf(id: number, state: number): number {
  return ((id >>> SLOT_BITS) << STATE_BITS) | state
}

class Segment {
  readonly ints: Int32Array
  readonly floats: Float64Array
  /** The same as numbers of 64 bits, which can be exchanged. */
  readonly bits: BigInt64Array

  constructor(buffer: SharedArrayBuffer) {
    this.ints = new Int32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.bits = new BigInt64Array(buffer)
  }
}

const oneFloat = new Float64Array(1)
const itsBits = new BigInt64Array(oneFloat.buffer)

function bitsOf(float: number): bigint {
  oneFloat[0] = float
  return itsBits[0]!
}

/** The table as lane threads and the supervisor see it. */
export class TableView {
  protected readonly segments: Segment[] = []

  /** Whether this could be the next segment: what comes off a port is not trusted. */
  accepts(index: unknown, buffer: unknown): boolean {
    return (
      index === this.segments.length &&
      buffer instanceof SharedArrayBuffer &&
      buffer.byteLength === SEGMENT_SLOTS * SLOT_BYTES
    )
  }

  /** Adds the next segment. */
  attach(index: number, buffer: SharedArrayBuffer): void {
    this.segments[index] = new Segment(buffer)
  }

  /** Adds the segment that has an id's slot, whatever others there are. */
  attachOf(id: number, buffer: SharedArrayBuffer): void {
    const index = slotOf(id) >> SEGMENT_BITS
    this.segments[index] ??= new Segment(buffer)
  }

  get slots(): number {
    return this.segments.length << SEGMENT_BITS
  }

  /** Whether the id could name a slot of this table: what comes off a port is not trusted. */
  holds(id: unknown): id is number {
    return (
      typeof id === 'number' && Number.isInteger(id) && id > 0 && id < ID_BOUND && slotOf(id) < this.slots
    )
  }

  /** The state the task is in, or -1 if its slot is not its own any more. */
  state(id: number): number {
    const slot = id & SLOT_MASK
    const word = Atomics.load(
      this.segments[slot >> SEGMENT_BITS]!.ints,
      (slot & SEGMENT_MASK) << SLOT_WORDS_BITS,
    )
    return word >> STATE_BITS === id >>> SLOT_BITS ? word & STATE_MASK : -1
  }

  /** The id of the task that a slot belongs to; 0 if it is free. */
  idAt(slot: number): number {
    const word = Atomics.load(
      this.segments[slot >> SEGMENT_BITS]!.ints,
      (slot & SEGMENT_MASK) << SLOT_WORDS_BITS,
    )
    return (word & STATE_MASK) === FREE ? 0 : ((word >> STATE_BITS) << SLOT_BITS) | slot
  }

  /** The one way a state changes: true only for the caller that made the change. */
  exchange(id: number, from: number, to: number): boolean {
    const slot = id & SLOT_MASK
    const ints = this.segments[slot >> SEGMENT_BITS]!.ints
    const expected = wordOf(id, from)
    return (
      Atomics.compareExchange(ints, (slot & SEGMENT_MASK) << SLOT_WORDS_BITS, expected, wordOf(id, to)) ===
      expected
    )
  }

  int(id: number, field: number): number {
    const slot = id & SLOT_MASK
    return this.segments[slot >> SEGMENT_BITS]!.ints[((slot & SEGMENT_MASK) << SLOT_WORDS_BITS) + field]!
  }

  /** As `int`, in order with all atomic accesses of the slot. */
  loadInt(id: number, field: number): number {
    const slot = id & SLOT_MASK
    return Atomics.load(
      this.segments[slot >> SEGMENT_BITS]!.ints,
      ((slot & SEGMENT_MASK) << SLOT_WORDS_BITS) + field,
    )
  }

  setInt(id: number, field: number, value: number): void {
    const slot = id & SLOT_MASK
    this.segments[slot >> SEGMENT_BITS]!.ints[((slot & SEGMENT_MASK) << SLOT_WORDS_BITS) + field] = value
  }

  /** Sets bits of a field that another thread reads with Atomics. */
  orInt(id: number, field: number, bits: number): void {
    const slot = id & SLOT_MASK
    const ints = this.segments[slot >> SEGMENT_BITS]!.ints
    Atomics.or(ints, ((slot & SEGMENT_MASK) << SLOT_WORDS_BITS) + field, bits)
  }

  /** The slot that shows a task's state to those who have its handle, or 0. */
  home(id: number): number {
    return this.loadInt(id, INT.HOME)
  }

  float(id: number, field: number): number {
    const slot = id & SLOT_MASK
    return this.segments[slot >> SEGMENT_BITS]!.floats[
      ((slot & SEGMENT_MASK) << (SLOT_WORDS_BITS - 1)) + field
    ]!
  }

  setFloat(id: number, field: number, value: number): void {
    const slot = id & SLOT_MASK
    this.segments[slot >> SEGMENT_BITS]!.floats[((slot & SEGMENT_MASK) << (SLOT_WORDS_BITS - 1)) + field] =
      value
  }

  /** Changes a field, unless another than its caller has since it was read: true only if the change was made. */
  exchangeFloat(id: number, field: number, from: number, to: number): boolean {
    const slot = id & SLOT_MASK
    const { bits } = this.segments[slot >> SEGMENT_BITS]!
    const expected = bitsOf(from)
    const at = ((slot & SEGMENT_MASK) << (SLOT_WORDS_BITS - 1)) + field
    return Atomics.compareExchange(bits, at, expected, bitsOf(to)) === expected
  }

  /** Ids of all slots in use, with the state each is in. */
  *[Symbol.iterator](): Generator<{ id: number; state: number }> {
    for (let slot = 0; slot < this.slots; slot++) {
      const id = this.idAt(slot)
      const state = id === 0 ? FREE : this.state(id)
      if (state > FREE) yield { id, state }
    }
  }
}

/** The table as its owner sees it: it alone takes and frees slots. */
export class TaskTable extends TableView {
  readonly #free: number[] = []
  readonly #buffers: SharedArrayBuffer[] = []
  readonly #onSegment: (index: number, buffer: SharedArrayBuffer) => void

  /** @param onSegment called with each new segment, before any of its slots is taken */
  constructor(onSegment: (index: number, buffer: SharedArrayBuffer) => void) {
    super()
    this.#onSegment = onSegment
    this.#grow()
  }

  /** All segments there are, for a thread that joins. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.#buffers
  }

  get inUse(): number {
    return this.slots - this.#free.length
  }

  /** Takes a slot and marks it SCHEDULED; returns the task's id. */
  take(): number {
    if (this.#free.length === 0) this.#grow()
    const slot = this.#free.pop()!
    const ints = this.segments[slot >> SEGMENT_BITS]!.ints
    const base = (slot & SEGMENT_MASK) << SLOT_WORDS_BITS
    // Generation 0 is left out, so that no id is 0.
    const generation = ((ints[base]! >> STATE_BITS) & GENERATION_MASK) + 1
    const id = ((generation > GENERATION_MASK ? 1 : generation) << SLOT_BITS) | slot
    const floats = this.segments[slot >> SEGMENT_BITS]!.floats
    floats[(base >> 1) + FLOAT.STARTED] = 0
    floats[(base >> 1) + FLOAT.ENDED] = 0
    ints[base + INT.VERDICT] = 0
    // Nor any limit of the task before: the supervisor may look between here and the new task's own being set.
    ints[base + INT.FLAGS] = 0
    ints[base + INT.HOME] = 0
    Atomics.store(ints, base, wordOf(id, SCHEDULED))
    return id
  }

  setHome(id: number, home: number): void {
    const slot = id & SLOT_MASK
    const ints = this.segments[slot >> SEGMENT_BITS]!.ints
    const base = (slot & SEGMENT_MASK) << SLOT_WORDS_BITS
    Atomics.store(ints, base + INT.HOME, home)
    if (home !== 0) Atomics.or(ints, base + INT.FLAGS, FLAG.SHOWN)
  }

  /** The part of the table that has an id's slot. */
  segmentOf(id: number): SharedArrayBuffer {
    return this.#buffers[slotOf(id) >> SEGMENT_BITS]!
  }

  /** Gives a slot back. Only once no other thread can still mean its task by it. */
  free(id: number): void {
    const slot = id & SLOT_MASK
    Atomics.store(
      this.segments[slot >> SEGMENT_BITS]!.ints,
      (slot & SEGMENT_MASK) << SLOT_WORDS_BITS,
      wordOf(id, FREE),
    )
    this.#free.push(slot)
  }

  #grow(): void {
    const index = this.segments.length
    if (index << SEGMENT_BITS > SLOT_MASK)
      throw new RangeError('more tasks are sent than a task table can hold')
    const buffer = new SharedArrayBuffer(SEGMENT_SLOTS * SLOT_BYTES)
    this.#buffers.push(buffer)
    this.attach(index, buffer)
    for (let slot = SEGMENT_SLOTS - 1; slot >= 0; slot--) this.#free.push((index << SEGMENT_BITS) | slot)
    this.#onSegment(index, buffer)
  }
}
